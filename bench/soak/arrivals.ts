import type { CallKind } from './call-kinds.ts'

/** Kinds of calls by how many of all are such; the numbers need not add up to anything. */
export type Mix = Partial<Record<CallKind, number>>

export interface Arrival {
  /** Since the first moment. */
  atMs: number
  kind: CallKind
  /** Whether this client, should it be refused, comes back when it is told to. */
  obeys: boolean
}

/**
 * Calls of clients who know nothing of each other: a Poisson process of `perSecond`, for `seconds`. Nothing that happens to earlier ones
 * moves the later ones. `random`: 0 to 1, and the same numbers make the same arrivals.
 */
export function* arrivals(
  { perSecond, seconds, mix, obeyShare }: { perSecond: number; seconds: number; mix: Mix; obeyShare: number },
  random: () => number,
): Generator<Arrival> {
  let atMs = 0
  for (;;) {
    atMs += (-Math.log(1 - random()) * 1000) / perSecond
    if (atMs >= seconds * 1000) return
    yield { atMs, kind: kindOf(mix, random()), obeys: random() < obeyShare }
  }
}

/** The kind that stands at `share` (0 to 1) of the mix. */
export function kindOf(mix: Mix, share: number): CallKind {
  const entries = Object.entries(mix) as [CallKind, number][]
  let left = share * entries.reduce((sum, [, weight]) => sum + weight, 0)
  const found = entries.find(([, weight]) => {
    left -= weight
    return left < 0
  })
  const last = entries.at(-1)
  if (!last) throw new RangeError('a mix of nothing')
  return (found ?? last)[0]
}
