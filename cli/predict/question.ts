import { createHash } from 'node:crypto'
import type { Priority } from '../../shared/priority.ts'

/** What is asked of each photo. */
export interface Asked {
  /** `name` or `name@version`; undefined for the service's default. */
  model: string | undefined
  priority: Priority | undefined
}

/** Tells our keys from all others that a caller may have. */
const PURPOSE = 'edgebatch predict 1'

/** The same for the same photo, asked the same: what has its answer need not be asked again. 43 characters. */
export function questionKey(photo: Uint8Array, { model, priority }: Asked): string {
  const content = createHash('sha256').update(photo).digest('hex')
  return digest([PURPOSE, content, model ?? '', priority ?? ''])
}

/**
 * The Idempotency-Key of a question that was asked `round` times before, to an end that it shall not have again: with the same one, the service
 * would answer with the job that there is.
 */
export function idempotencyKey(question: string, round: number | string): string {
  return round === 0 ? question : digest([question, String(round)])
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('base64url')
}
