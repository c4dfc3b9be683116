import type { ModelManifest } from '../../shared/model-manifest.ts'
import { heldMs, queuedMs } from '../observe/durations.ts'
import type { SettledBatch } from '../observe/pool-observer.ts'
import type { BatchingLimits } from './batching-policy.ts'
import { LatencyController } from './latency-controller.ts'

/** What batches may be at the moment: as the model says, or steered to hold its p99; in either case no more than fits into memory. */
export class SteeredLimits {
  readonly #own: BatchingLimits
  readonly #controller: LatencyController | undefined
  #fits: number

  /** What the model's manifest says; `maxBatchSize`: what fits into its sessions. */
  static forModel({ serving }: ModelManifest, maxBatchSize: number): SteeredLimits {
    const preferredSizes = serving.preferred_batch_sizes.filter((size) => size < maxBatchSize)
    const own = { maxBatchSize, maxDelayMs: serving.max_queue_delay_ms, preferredSizes }
    return new SteeredLimits(own, serving.target_p99_ms)
  }

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

  /** All that its jobs took counts, from their acceptance on. */
  observe({ size, jobs, times }: Pick<SettledBatch, 'size' | 'jobs' | 'times'>): void {
    const held = heldMs(jobs, times)
    this.#controller?.observe({
      size,
      latenciesMs: jobs.map(({ job }) => queuedMs(job) + held(job)),
      inferMs: times.inferEnd - times.inferBegin,
    })
  }

  /** A batch of `size` did not fit: from now on they have half as many at most. False if that is how it was. */
  didNotFit(size: number): boolean {
    const fits = Math.max(1, Math.floor(Math.min(size, this.#fits) / 2))
    if (fits === this.#fits) return false
    this.#fits = fits
    this.#controller?.fitAtMost(fits)
    return true
  }
}
