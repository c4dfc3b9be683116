/** How many jobs the queues of versions ever had, by `name@version`, at one moment (ms). */
export interface AcceptedJobs {
  at: number
  accepted: Readonly<Record<string, number | null>>
}

/** Over less time a rate says more of chance than of the callers. */
const LEAST_MS = 10_000
/** What lies further back says nothing of now. */
const MOST_MS = 150_000

/** Jobs accepted a second since the last of `earlier` that is old enough, and not too old, by `name@version`; of those of which it is known. */
export function arrivalRates(now: AcceptedJobs, earlier: readonly AcceptedJobs[]): Map<string, number> {
  const before = earlier.findLast(({ at }) => now.at - at >= LEAST_MS)
  if (!before || now.at - before.at > MOST_MS) return new Map()
  return ratesBetween(before, now)
}

/** A queue that was forgotten meanwhile counts from 0 again: of it nothing is known. */
export function ratesBetween(before: AcceptedJobs, after: AcceptedJobs): Map<string, number> {
  const seconds = (after.at - before.at) / 1000
  return new Map(
    Object.entries(after.accepted).flatMap(([id, now]) => {
      const then = before.accepted[id]
      if (now === null || then === null || then === undefined || now < then) return []
      return [[id, (now - then) / seconds] as const]
    }),
  )
}

/** Of all of them together; null where nothing is known of any. */
export function sumOfRates(rates: ReadonlyMap<string, number>): number | null {
  return rates.size === 0 ? null : [...rates.values()].reduce((sum, rate) => sum + rate)
}
