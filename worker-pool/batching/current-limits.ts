import type { BatchingLimits } from './batching-policy.ts'
import { type BatchSample, LatencyController } from './latency-controller.ts'

/** What batches may be at the moment: as the model says, or steered to hold its p99; in either case no more than fits into memory. */
export class CurrentLimits {
  readonly #own: BatchingLimits
  readonly #controller: LatencyController | undefined
  #fits: number

  /** `targetP99Ms`: undefined where nothing is to be steered. */
  constructor(own: BatchingLimits, targetP99Ms: number | undefined) {
    this.#own = own
    this.#controller = targetP99Ms === undefined ? undefined : new LatencyController(targetP99Ms, own)
    this.#fits = own.maxBatchSize
  }

  get now(): BatchingLimits {
    const limits = this.#controller?.limits ?? this.#own
    return { ...limits, maxBatchSize: Math.min(limits.maxBatchSize, this.#fits) }
  }

  /** The most images of a batch that fit into memory, as far as is known. */
  get fits(): number {
    return this.#fits
  }

  observe(sample: BatchSample): void {
    this.#controller?.observe(sample)
  }

  /** A batch of `size` did not fit: from now on they have half as many at most. False if that is how it was. */
  didNotFit(size: number): boolean {
    const fits = Math.max(1, Math.floor(Math.min(size, this.#fits) / 2))
    if (fits === this.#fits) return false
    this.#fits = fits
    return true
  }
}
