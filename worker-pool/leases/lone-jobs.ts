import type { Clock } from '../../shared/clock.ts'
import type { HandedOut, LoneEntry } from '../../shared/job-queue.ts'
import type { ExclusiveTurn } from './exclusive-turn.ts'

export interface LoneJobsDeps {
  turn: Pick<ExclusiveTurn, 'alone'>
  /** Claims and runs them as one batch; resolves when that is on its way. Never rejects. */
  run: (entries: readonly HandedOut[]) => Promise<void>
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

  add(lone: readonly LoneEntry[]): void {
    for (const { handedOut, inMs } of lone) this.#begin([handedOut], inMs)
  }

  /** These may be run as one batch. */
  addTogether(entries: readonly HandedOut[]): void {
    if (entries.length > 0) this.#begin(entries, 0)
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
    const { turn, run, clock } = this.#deps
    const { signal } = this.#stopping
    if (inMs > 0) await clock.sleep(inMs, signal)
    if (signal.aborted) return
    await turn.alone(async () => {
      if (signal.aborted) return
      this.#waiting.delete(entries)
      await run(entries)
    })
  }
}
