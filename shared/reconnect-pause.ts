const FIRST_MS = 50
/** A Redis that is back is found again within this. */
const LONGEST_MS = 2_000

/**
 * Milliseconds to wait before the `attempt`th try (from 1) to reach a Redis that is away: doubling, and each varied by up to a half of itself,
 * so that those who lost it together do not come back together. `random`: 0 to 1; Math.random but in tests.
 */
export function reconnectPauseMs(attempt: number, random: () => number = Math.random): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1)) * (0.5 + random() / 2)
}
