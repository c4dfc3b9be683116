import { type Caller, mayUsePriority } from '../../shared/api-key.ts'
import { ProblemError } from '../../shared/errors.ts'
import { PRIORITIES, type Priority } from '../../shared/priority.ts'
import { parseIdempotencyKey } from './idempotency-key.ts'

/** What the headers of a request ask for, but for the time it may take, whose limits are the model's. */
export interface RequestOptions {
  priority: Priority
  idempotencyKey: string | undefined
  /** Neither a result that is there nor one that is on its way will do, and nobody else is to get this one. */
  noStore: boolean
}

/** Throws ProblemError 'invalid-request', or 'forbidden' for a priority that the caller may not use. */
export function parseRequestOptions(
  header: (name: string) => string | undefined,
  caller: Caller,
): RequestOptions {
  return {
    priority: parsePriority(header('x-priority'), caller),
    idempotencyKey: parseIdempotencyKey(header('idempotency-key')),
    noStore: /(?:^|[\s,])no-(?:store|cache)(?:$|[\s,=])/i.test(header('cache-control') ?? ''),
  }
}

function parsePriority(header: string | undefined, caller: Caller): Priority {
  if (header === undefined) return 'normal'
  const priority = PRIORITIES.find((known) => known === header.trim().toLowerCase())
  if (!priority) throw new ProblemError('invalid-request', `X-Priority takes ${PRIORITIES.join(', ')}.`)
  if (mayUsePriority(caller, priority)) return priority
  throw new ProblemError('forbidden', `X-Priority: ${priority} is not open to ${nameOf(caller)}.`)
}

function nameOf(caller: Caller): string {
  return caller.kind === 'key' ? 'this API key' : 'callers without an API key'
}
