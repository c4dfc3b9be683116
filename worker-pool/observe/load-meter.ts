import type { PoolLoad } from '../../shared/announcement.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import type { DrainRates } from './drain-rates.ts'
import type { PoolObserver, SettledBatch } from './pool-observer.ts'
import type { RunWatch } from './run-watch.ts'

export interface LoadMeterDeps {
  device: string
  /** Milliseconds, monotonic. */
  elapsed: () => number
  drainRates: Pick<DrainRates, 'tell'>
  runs: Pick<RunWatch, 'tell'>
}

/** How busy a pool is, for whoever looks at the pools together. */
export class LoadMeter implements PoolObserver {
  readonly #deps: LoadMeterDeps
  readonly #startedAt: number
  /** By copy of a version. */
  readonly #pending = new Map<ModelManifest, number>()
  #images = 0
  #since: number

  constructor(deps: LoadMeterDeps) {
    this.#deps = deps
    this.#startedAt = deps.elapsed()
    this.#since = this.#startedAt
  }

  /** Images/s are those since the last call. */
  load(): PoolLoad {
    const { device, elapsed, drainRates, runs } = this.#deps
    const now = elapsed()
    const seconds = (now - this.#since) / 1000
    const imagesPerSecond = seconds > 0 ? this.#images / seconds : 0
    this.#images = 0
    this.#since = now
    const inFlight = [...this.#pending.values()].reduce((sum, pending) => sum + pending, 0)
    return {
      ...{ device, inFlight, imagesPerSecond, upMs: now - this.#startedAt },
      drainRates: drainRates.tell(),
      ...runs.tell(),
    }
  }

  modelServed(): void {}

  modelGone(manifest: ModelManifest): void {
    this.#pending.delete(manifest)
  }

  batchSettled({ size }: SettledBatch): void {
    this.#images += size
  }

  jobsFailed(): void {}
  jobsReleased(): void {}

  attemptsLost(): void {}

  pendingChanged(manifest: ModelManifest, pending: number): void {
    this.#pending.set(manifest, pending)
  }
}
