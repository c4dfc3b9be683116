/**
 * Where Redis is near, this keeps it and us busy at the same time; if it were more, the replies that Redis prepares would
 * leave the processor's caches before they are sent.
 */
const NEAR_BYTES = 600_000

/** What else is under way on a distant connection: 500 MB/s. */
const BYTES_A_MS = 500_000

const [FEWEST, MOST] = [2, 64]

/** How many values to ask for ahead, each likely of `valueBytes`: few if that is not known. */
export function keysAhead(valueBytes: number | undefined, roundTripMs: number): number {
  if (!valueBytes) return FEWEST
  const keys = Math.floor((NEAR_BYTES + roundTripMs * BYTES_A_MS) / valueBytes)
  return Math.max(FEWEST, Math.min(MOST, keys))
}
