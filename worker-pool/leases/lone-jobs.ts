import type { Clock } from '../../shared/clock.ts'
import type { HandedOut, LoneEntry } from '../../shared/job-queue.ts'
import type { ExclusiveTurn } from './exclusive-turn.ts'

export interface LoneJobsDeps {
  turn: Pick<ExclusiveTurn, 'alone'>
  /** Claims and runs them as one batch; resolves when that is on its way. Never rejects. */
  run: (entries: readonly HandedOut[]) => Promise<void>
  /** Puts them back into their queue. Never rejects. */
  giveBack: (entries: readonly HandedOut[]) => Promise<void>
  /** How long one may wait for all else to end, in ms: what is run meanwhile may not end at all, and all of the process waits with it. */
  patienceMs: number
  clock: Clock
}

/**
 * Jobs that do not come by the queue's way: such as have lost an attempt, each of which waits out its back-off and is then run with nothing
 * else claimed in this process; and such as were taken over before they were begun.
 */
export class LoneJobs {
  readonly #deps: LoneJobsDeps
  readonly #waiting = new Set<readonly HandedOut[]>()
  readonly #underWay = new Set<Promise<void>>()
  readonly #stopping = new AbortController()

  constructor(deps: LoneJobsDeps) {
    this.#deps = deps
  }

  /** How many wait or are being run; those that are run together count as one. */
  get size(): number {
    return this.#underWay.size
  }

  add(lone: readonly LoneEntry[]): void {
    for (const { handedOut, inMs } of lone) this.#begin([handedOut], inMs)
  }

  /** These may be run together, so many as one batch. */
  addTogether(entries: readonly HandedOut[], atOnce: number): void {
    for (let i = 0; i < entries.length; i += atOnce) this.#begin(entries.slice(i, i + atOnce), 0)
  }

  /** Resolves when none waits or is being run. */
  async untilEmpty(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  /** Begins no more. */
  stop(): void {
    this.#stopping.abort()
  }

  /** What was not begun, once it is stopped. */
  get notBegun(): HandedOut[] {
    return [...this.#waiting].flat()
  }

  #begin(entries: readonly HandedOut[], inMs: number): void {
    this.#waiting.add(entries)
    const served = this.#serve(entries, inMs)
    this.#underWay.add(served)
    void served.then(() => this.#underWay.delete(served))
  }

  async #serve(entries: readonly HandedOut[], inMs: number): Promise<void> {
    const { turn, run, giveBack, clock, patienceMs } = this.#deps
    const stopping = this.#stopping.signal
    if (inMs > 0) await clock.sleep(inMs, stopping)
    if (stopping.aborted) return
    const waitEnded = new AbortController()
    const patience = new AbortController()
    void clock.sleep(patienceMs, waitEnded.signal).then(() => patience.abort())
    const begun = await turn.alone(
      async () => {
        waitEnded.abort()
        this.#waiting.delete(entries)
        await run(entries)
      },
      AbortSignal.any([stopping, patience.signal]),
    )
    waitEnded.abort()
    if (begun || stopping.aborted) return
    this.#waiting.delete(entries)
    await giveBack(entries)
  }
}
