import { ProblemError } from '../../shared/errors.ts'
import { sha256Hex } from '../../shared/sha256.ts'

/** How long a key is remembered: longer than clients go on trying. */
export const IDEMPOTENCY_TTL_MS = 24 * 3_600_000

/** Reads `Idempotency-Key`: 1 to 255 visible characters, in quotes or not. Throws ProblemError 'invalid-request'. */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const [, quoted, bare] =
    /^(?:"([\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255}))$/.exec(header.trim()) ?? []
  const key = quoted ?? bare
  if (key !== undefined) return key
  throw new ProblemError('invalid-request', 'Idempotency-Key takes 1 to 255 visible ASCII characters.')
}

/** By what Redis knows it: keys of different callers never meet. */
export function idempotencyDigest(owner: string, key: string): Promise<string> {
  return sha256Hex(`${owner}\n${key}`)
}
