import type { BatchingLimits } from './batching-policy.ts'

/** What became of one batch. */
export interface BatchSample {
  size: number
  /** From acceptance to result, of each job, in ms. */
  latenciesMs: readonly number[]
  /** The run itself, in ms. */
  inferMs: number
}

/** Jobs in one window: 99 of 100 can only be told of so many. */
const WINDOW_JOBS = 200
/** A window that is this much below its target leaves room to trade latency for throughput. */
const COMFORT = 0.8
const SHRINK = 0.7
const GROW = 1.25
/** A run that takes more than this share of the target leaves too little for waiting, whatever else is done. */
const RUN_SHARE = 0.5

/**
 * Steers batch size and delay so that the p99 of a window of jobs holds a target, after every window. What to do when it does not depends
 * on where the time goes: long runs call for smaller batches; a delay is given up first; jobs that pile up in the queue call for larger
 * batches, which serve more a second. With time to spare, batches may grow, and a short delay lets small ones fill.
 */
export class LatencyController {
  readonly #targetMs: number
  #most: BatchingLimits
  #limits: BatchingLimits
  #latencies: number[] = []
  #runs: number[] = []
  #full = 0

  /** `most`: batch size is never steered above its, and delay never above half of the target. */
  constructor(targetMs: number, most: BatchingLimits) {
    this.#targetMs = targetMs
    this.#most = most
    this.#limits = { ...most, maxDelayMs: 0 }
  }

  get limits(): BatchingLimits {
    return this.#limits
  }

  /** Batches cannot be larger than `size` after all. */
  fitAtMost(size: number): void {
    this.#most = { ...this.#most, maxBatchSize: Math.min(this.#most.maxBatchSize, size) }
    this.#limits = { ...this.#limits, maxBatchSize: Math.min(this.#limits.maxBatchSize, size) }
  }

  observe({ size, latenciesMs, inferMs }: BatchSample): void {
    this.#latencies.push(...latenciesMs)
    this.#runs.push(inferMs)
    if (size >= this.#limits.maxBatchSize) this.#full++
    if (this.#latencies.length < WINDOW_JOBS) return
    this.#limits = { ...this.#limits, ...this.#steered() }
    this.#latencies = []
    this.#runs = []
    this.#full = 0
  }

  #steered(): Partial<BatchingLimits> {
    const { maxBatchSize, maxDelayMs } = this.#limits
    const p99 = percentile99(this.#latencies)
    const run = percentile99(this.#runs)
    const shrunk = { maxBatchSize: Math.max(1, Math.floor(maxBatchSize * SHRINK)) }
    const grown = { maxBatchSize: Math.min(this.#most.maxBatchSize, Math.ceil(maxBatchSize * GROW)) }
    const mostlyFull = this.#full * 2 > this.#runs.length
    if (p99 > this.#targetMs) {
      if (run > this.#targetMs * RUN_SHARE) return { ...shrunk, maxDelayMs: 0 }
      if (maxDelayMs > 0) return { maxDelayMs: maxDelayMs < 1 ? 0 : maxDelayMs / 2 }
      return mostlyFull ? grown : {}
    }
    if (p99 > this.#targetMs * COMFORT) return {}
    if (mostlyFull) return run * GROW > this.#targetMs * RUN_SHARE ? {} : grown
    const spare = (this.#targetMs - p99) / 4
    return { maxDelayMs: Math.min(maxDelayMs + spare, this.#targetMs / 2) }
  }
}

function percentile99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0
}
