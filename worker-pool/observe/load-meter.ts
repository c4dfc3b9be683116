import type { PoolLoad } from '../../shared/announcement.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { versionId } from '../../shared/model-reference.ts'
import type { DrainRates } from './drain-rates.ts'
import type { PoolObserver, SettledBatch } from './pool-observer.ts'
import type { RecentRuns } from './recent-runs.ts'
import type { RunWatch } from './run-watch.ts'

export interface LoadMeterDeps {
  device: string
  /** Milliseconds, monotonic. */
  elapsed: () => number
  drainRates: Pick<DrainRates, 'tell'>
  recentRuns: Pick<RecentRuns, 'tell'>
  runs: Pick<RunWatch, 'tell'>
}

/** How busy a pool is, for whoever looks at the pools together. */
export class LoadMeter implements PoolObserver {
  readonly #deps: LoadMeterDeps
  readonly #startedAt: number
  /** By copy of a version. */
  readonly #pending = new Map<ModelManifest, number>()
  /** Since it was told last, by `name@version`. */
  readonly #images = new Map<string, number>()
  #since: number

  constructor(deps: LoadMeterDeps) {
    this.#deps = deps
    this.#startedAt = deps.elapsed()
    this.#since = this.#startedAt
  }

  /** What is told of a time is told of that since the last call. */
  load(): PoolLoad {
    const { device, elapsed, drainRates, recentRuns, runs } = this.#deps
    const now = elapsed()
    const seconds = (now - this.#since) / 1000
    const told = drainRates.tell()
    const load = {
      ...{ device, inFlight: sum(this.#pending.values()), upMs: now - this.#startedAt },
      imagesPerSecond: seconds > 0 ? sum(this.#images.values()) / seconds : 0,
      drainRates: told,
      busy: seconds > 0 ? this.#busy(seconds, told) : {},
      recent: recentRuns.tell(),
      ...runs.tell(),
    }
    this.#images.clear()
    this.#since = now
    return load
  }

  modelServed(): void {}

  modelGone(manifest: ModelManifest): void {
    this.#pending.delete(manifest)
  }

  batchSettled({ manifest, size }: SettledBatch): void {
    const id = versionId(manifest)
    this.#images.set(id, (this.#images.get(id) ?? 0) + size)
  }

  jobsFailed(): void {}
  jobsReleased(): void {}

  attemptsLost(): void {}

  pendingChanged(manifest: ModelManifest, pending: number): void {
    this.#pending.set(manifest, pending)
  }

  /**
   * By images and not by time: with little to do a pool runs small batches, which keep it occupied for far longer than as many images in
   * large ones would.
   */
  #busy(seconds: number, drainRates: Record<string, number>): Record<string, number> {
    return Object.fromEntries(
      [...this.#images].flatMap(([id, images]) => {
        const rate = drainRates[id]
        return rate === undefined ? [] : [[id, Math.min(1, images / (rate * seconds))]]
      }),
    )
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
