/**
 * When who is refused is told to come back. All who are refused at about the same time must not come back at the same time: each is told a
 * moment of his own, so long after the one before him that there is room for him, and for callers who come anew, too. Of the queue and of API
 * keys' rates the enqueue script keeps the last of these moments, since edges know nothing of each other.
 */

/** Nobody is told to stay away for longer for others' sake; who is told just this comes at the pace at which he was refused. */
export const LATEST_RETURN_MS = 60_000
/** The part of what is served that those who come back may take. */
export const RETURN_SHARE = 0.5
/** The first is told to come when this part of the queue is served: later callers, who were told nothing, find room as well. */
const ROOM = 0.1
/** Where no live pool has told how fast it is: pools may be on their way up. Images a second, and milliseconds before the first. */
const UNKNOWN_RATE = 20
const UNKNOWN_FIRST_MS = 5_000

/**
 * As the enqueue script takes it, for a queue of which `drainRate` images a second are served; null where that is not known. The first comes
 * after `least_ms`, and after `room_ms` for each job in the queue.
 */
export function returnsOf(drainRate: number | null): { every_ms: number; least_ms: number; room_ms: number } {
  const jobMs = 1000 / (drainRate || UNKNOWN_RATE)
  const every_ms = jobMs / RETURN_SHARE
  return drainRate
    ? { every_ms, least_ms: 0, room_ms: ROOM * jobMs }
    : { every_ms, least_ms: UNKNOWN_FIRST_MS, room_ms: 0 }
}
