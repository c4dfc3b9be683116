import type { PoolProgress, PoolState } from '../../shared/announcement.ts'
import type { Clock } from '../../shared/clock.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import type { WarmRun } from '../inference/instance-messages.ts'
import type { PoolObserver, SettledBatch } from './pool-observer.ts'

/** A run is slow that has taken so many times as long as the longest lately... */
const SLOW_TIMES = 10
/** ...and at least so long, in ms: what takes a moment is no slower for taking ten. */
const SLOW_FROM_MS = 10_000
/** What was the longest counts so much less with each run after it. */
const FORGETTING = 0.9
const LOOK_EVERY_MS = 1_000

/** A copy of a version, and how long the longest of its runs that are under way has taken so far, in ms; 0 if there is none. */
export interface RunUnderWay {
  manifest: ModelManifest
  forMs: number
}

export interface RunWatchDeps {
  runs: () => readonly RunUnderWay[]
  /** A run that takes longer, in ms, will not end any more. */
  stuckAfterMs: number
  /** Milliseconds, monotonic. */
  elapsed: () => number
}

/** Whether a pool gets on with what it runs, for whoever looks at the pools together. */
export class RunWatch implements PoolObserver {
  readonly #deps: RunWatchDeps
  /** The longest run lately, in ms, by copy of a version. */
  readonly #usualMs = new Map<ModelManifest, number>()
  #settledAt: number | undefined
  #told: PoolState = 'ok'
  #changed: () => void = () => {}

  constructor(deps: RunWatchDeps) {
    this.#deps = deps
  }

  /** `changed` is called when the state is another than `tell` gave last. */
  onChange(changed: () => void): void {
    this.#changed = changed
  }

  tell(): PoolProgress {
    const now = this.#deps.elapsed()
    this.#told = this.#state()
    return {
      state: this.#told,
      runningMs: Math.max(0, ...this.#deps.runs().map(({ forMs }) => forMs)),
      settledMsAgo: this.#settledAt === undefined ? null : now - this.#settledAt,
    }
  }

  /** Looks every second until `signal` aborts. */
  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    for (;;) {
      await clock.sleep(LOOK_EVERY_MS, signal)
      if (signal.aborted) return
      if (this.#state() !== this.#told) this.#changed()
    }
  }

  modelServed(manifest: ModelManifest, warmRun?: WarmRun): void {
    this.#usualMs.set(manifest, warmRun?.ms ?? 0)
  }

  modelGone(manifest: ModelManifest): void {
    this.#usualMs.delete(manifest)
  }

  batchSettled({ manifest, times: { inferBegin, inferEnd, settledAt } }: SettledBatch): void {
    const usual = this.#usualMs.get(manifest) ?? 0
    this.#usualMs.set(manifest, Math.max(inferEnd - inferBegin, usual * FORGETTING))
    this.#settledAt = settledAt
  }

  jobsFailed(): void {}
  jobsReleased(): void {}
  attemptsLost(): void {}
  pendingChanged(): void {}

  #state(): PoolState {
    const runs = this.#deps.runs()
    if (runs.some(({ forMs }) => forMs > this.#deps.stuckAfterMs)) return 'stuck'
    return runs.some((run) => this.#isSlow(run)) ? 'slow' : 'ok'
  }

  #isSlow({ manifest, forMs }: RunUnderWay): boolean {
    return forMs > Math.max(SLOW_FROM_MS, SLOW_TIMES * (this.#usualMs.get(manifest) ?? 0))
  }
}
