import type { PoolLoad } from '../../shared/announcement.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import type { DrainRates } from './drain-rates.ts'
import type { PoolObserver, SettledBatch } from './pool-observer.ts'

/** How busy a pool is, for whoever looks at the pools together. */
export class LoadMeter implements PoolObserver {
  readonly #device: string
  readonly #startedAt: number
  readonly #elapsed: () => number
  readonly #drainRates: Pick<DrainRates, 'tell'>
  /** By copy of a version. */
  readonly #pending = new Map<ModelManifest, number>()
  #images = 0
  #since: number

  /** `startedAt`: ms since the epoch. `elapsed`: milliseconds, monotonic. */
  constructor(
    device: string,
    startedAt: number,
    elapsed: () => number,
    drainRates: Pick<DrainRates, 'tell'>,
  ) {
    this.#device = device
    this.#startedAt = startedAt
    this.#elapsed = elapsed
    this.#drainRates = drainRates
    this.#since = elapsed()
  }

  /** Images/s are those since the last call. */
  load(): PoolLoad {
    const now = this.#elapsed()
    const seconds = (now - this.#since) / 1000
    const imagesPerSecond = seconds > 0 ? this.#images / seconds : 0
    this.#images = 0
    this.#since = now
    const inFlight = [...this.#pending.values()].reduce((sum, pending) => sum + pending, 0)
    const drainRates = this.#drainRates.tell()
    return { device: this.#device, startedAt: this.#startedAt, inFlight, imagesPerSecond, drainRates }
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
