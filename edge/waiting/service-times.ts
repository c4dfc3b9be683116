import type { Job } from '../../shared/job.ts'

/** How long jobs of each model take from acceptance to result, as an exponentially weighted mean of those seen. */
export class ServiceTimes {
  readonly #meanMs = new Map<string, number>()

  /** Where nothing has been seen yet: about one small batch on a CPU. */
  static readonly UNKNOWN_MS = 50
  /** Weight of the newest. */
  static readonly ALPHA = 0.2

  expectedMs(model: string): number {
    return this.#meanMs.get(model) ?? ServiceTimes.UNKNOWN_MS
  }

  observe(job: Job): void {
    if (job.status !== 'succeeded' || job.completed_at === undefined) return
    const tookMs = job.completed_at - job.created_at
    const mean = this.#meanMs.get(job.model) ?? tookMs
    this.#meanMs.set(job.model, mean + ServiceTimes.ALPHA * (tookMs - mean))
  }
}
