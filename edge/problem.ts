import type { Context } from 'hono'
import { PROBLEMS, ProblemError } from '../shared/errors.ts'
import type { PublicProblem } from '../shared/public-problem.ts'
import { RedisReplyError, RedisUnreachableError } from '../shared/redis-commands.ts'
import type { EdgeDeps } from './edge-context.ts'

/** Seconds after which a 503 is worth trying again, where nothing is known that it could be computed from. */
const RETRY_AFTER_SECONDS = 5

/** Any error as the client's business. What is not known to be shown is an internal error without a word on it. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  if (error instanceof RedisReplyError && error.message.startsWith('OOM '))
    return new ProblemError('queue-full', 'The memory of the queue is full. Nothing was stored; try again.', {
      cause: error,
    })
  if (error instanceof RedisReplyError || error instanceof RedisUnreachableError) {
    return new ProblemError('queue-unavailable', 'Nothing was lost that had been accepted. Try again.', {
      cause: error,
    })
  }
  return new ProblemError('internal-error', 'The failure is in our log under this request id.', {
    cause: error,
  })
}

/** Tells our log what a problem came from, if it is ours. A caller who has hung up makes failures that are nobody's. */
export function logOwnFailure(
  c: Context,
  { logFailure }: Pick<EdgeDeps, 'logFailure'>,
  problem: ProblemError,
): void {
  const hungUp = c.req.raw.signal?.aborted
  if (!(problem.cause instanceof Error) || PROBLEMS[problem.code].status < 500 || hungUp) return
  const { name, message } = problem.cause
  logFailure({ requestId: c.get('requestId'), code: problem.code, reason: `${name}: ${message}` })
}

/** RFC 9457. */
export function problemResponse(c: Context, { code, detail, headers: own }: ProblemError): Response {
  c.set('problem', code)
  const { status, title, retryable } = PROBLEMS[code]
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  }
  if (status === 503) headers['retry-after'] = String(RETRY_AFTER_SECONDS)
  Object.assign(headers, own)
  const body: PublicProblem = {
    ...{ type: `urn:edgebatch:problem:${code}`, title, status, detail, code, retryable },
    success: false,
    request_id: c.get('requestId'),
  }
  return c.body(JSON.stringify(body), status, headers)
}
