import type { Job } from '../../shared/job.ts'

/** How long jobs of each model take from acceptance to result, as an exponentially weighted mean of those that were waited for. */
export class ServiceTimes {
  readonly #meanMs = new Map<string, number>()

  /** Where nothing has been seen yet: about one small batch on a CPU. */
  static readonly UNKNOWN_MS = 50
  /** Weight of the newest. */
  static readonly ALPHA = 0.2
  /** What took longer waited for a pool, which says little of the next job. */
  static readonly LONGEST_MS = 10_000

  expectedMs(model: string): number {
    return this.#meanMs.get(model) ?? ServiceTimes.UNKNOWN_MS
  }

  /** To be told of jobs that were made just now, once each: an old one says nothing of those to come. */
  observe(job: Job): void {
    if (job.status !== 'succeeded' || job.completed_at === undefined) return
    const tookMs = Math.min(job.completed_at - job.created_at, ServiceTimes.LONGEST_MS)
    const mean = this.#meanMs.get(job.model) ?? tookMs
    this.#meanMs.set(job.model, mean + ServiceTimes.ALPHA * (tookMs - mean))
  }
}
