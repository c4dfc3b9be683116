/**
 * When who is refused is told to come back. All who are refused at about the same time must not come back at the same time: each is told a
 * moment of his own, as far after the one before him as it takes until there is room for one more. The script keeps the last of these
 * moments, since edges know nothing of each other.
 */

/** Nobody is told to stay away for longer, for the queue's sake; who is told just this comes at the pace at which he was refused. */
export const LATEST_RETURN_MS = 60_000
/** The first is told to come when this part of the queue is served: later callers, who were told nothing, find room as well. */
const ROOM = 0.1
/** Where no live pool has told how fast it is: pools may be on their way up. Images a second, and milliseconds before the first. */
const UNKNOWN_RATE = 20
const UNKNOWN_FIRST_MS = 5_000

/** As the enqueue script takes it, for a queue of which `drainRate` images a second are served; null where that is not known. */
export function returnsOf(drainRate: number | null): { every_ms: number; least_ms: number; room: number } {
  return drainRate
    ? { every_ms: 1000 / drainRate, least_ms: 0, room: ROOM }
    : { every_ms: 1000 / UNKNOWN_RATE, least_ms: UNKNOWN_FIRST_MS, room: 0 }
}
