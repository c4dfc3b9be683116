/** Weight of the newest of a series in its moving average. */
const NEWEST = 0.25

/** How long loading a batch and running it take, as moving averages in ms; 0 until they are known. */
export class RunDurations {
  #loadMs = 0
  #runMs = 0

  loaded(ms: number): void {
    this.#loadMs += (ms - this.#loadMs) * (this.#loadMs === 0 ? 1 : NEWEST)
  }

  ran(ms: number): void {
    this.#runMs += (ms - this.#runMs) * (this.#runMs === 0 ? 1 : NEWEST)
  }

  /** What a run may well take, in ms: images differ. */
  get longRunMs(): number {
    return Math.max(LONG_RUN_MS, 2 * this.#runMs)
  }

  /**
   * How long taking jobs for the next batch can wait, if a run began `sinceMs` ago and it is the first of `runs` before that batch's:
   * until a batch can just be loaded when its turn comes, with as much again to spare. So jobs stay in the queue, where a pool
   * that is free can have them, and the batch fills.
   */
  untilWorthTaking(sinceMs: number, runs: number): number {
    const free = this.#runMs * runs - sinceMs
    return Math.max(0, free - 2 * this.#loadMs - SPARE_MS)
  }
}

const LONG_RUN_MS = 1_000

/** Timers are late by a few milliseconds when the machine is busy. */
const SPARE_MS = 5
