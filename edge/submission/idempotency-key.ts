import { ownerOf } from '../../shared/api-key.ts'
import { ProblemError } from '../../shared/errors.ts'
import { sha256Hex } from '../../shared/sha256.ts'
import type { Submission } from './submit.ts'

/** How long a key is remembered: longer than clients go on trying. */
const IDEMPOTENCY_TTL_MS = 24 * 3_600_000

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

/** What a call with that key is held against: `images` stands for what it brings, the rest for all else that it asks for. */
export async function idempotencyCheck(
  key: string,
  images: unknown,
  { caller, asked, options, cancelAfter, webhook }: Submission,
): Promise<{ digest: string; fingerprint: string; ttlMs: number }> {
  const asks = [images, asked, options.priority, cancelAfter, webhook?.url, webhook?.events]
  const digest = await idempotencyDigest(ownerOf(caller), key)
  return { digest, fingerprint: await sha256Hex(JSON.stringify(asks)), ttlMs: IDEMPOTENCY_TTL_MS }
}
