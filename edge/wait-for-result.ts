import type { Clock } from '../shared/clock.ts'
import type { Job } from '../shared/job.ts'
import { isTerminal } from '../shared/job-state.ts'

/** Bounds of the time between two looks at a job, and how it grows. */
const MIN_STEP_MS = 15
const MAX_STEP_MS = 2_000
const GROWTH = 1.5
/** Each step is varied by this part of itself, so that callers who came together do not poll together. */
const JITTER = 0.2

export interface Wait {
  /** The job as it was accepted, if it is known to be there. */
  accepted: Job | undefined
  read: () => Promise<Job | undefined>
  /** How long to wait in all. */
  waitMs: number
  /** When the result is to be expected: the first look is then. */
  expectedMs: number
  clock: Clock
  /** 0 to 1; Math.random but in tests. */
  random: () => number
  /** Aborted when the caller has gone; then the last job seen is returned at once. */
  signal: AbortSignal | undefined
  /** Aborted when this process is about to end: then the wait is over. */
  stopping: AbortSignal | undefined
}

/**
 * Looks at a job until it is terminal, gone, or `waitMs` is over; returns it as last seen. An accepted job is not looked
 * at if there is no time to wait. A look that fails is made again at the next step: who has a job id must get it, even if
 * the queue has become unreachable since. Only where nothing is known of the job, the last failure is thrown.
 */
export async function waitForResult(wait: Wait): Promise<Job | undefined> {
  const { accepted, waitMs, expectedMs, clock, random, signal, stopping } = wait
  if (accepted && waitMs <= 0) return accepted
  const end = clock.now() + waitMs
  const woken = signal && stopping ? AbortSignal.any([signal, stopping]) : (signal ?? stopping)
  let last = accepted
  let step = Math.max(MIN_STEP_MS, Math.min(expectedMs / 4, MAX_STEP_MS))
  let pause = expectedMs
  for (;;) {
    const left = end - clock.now()
    if (left > 0) await clock.sleep(Math.min(pause, left), woken)
    if (signal?.aborted) return last
    const over = stopping?.aborted || clock.now() >= end
    try {
      last = await wait.read()
      if (!last || isTerminal(last.status)) return last
    } catch (error) {
      if (over && !last) throw error
    }
    if (over) return last
    pause = step * (1 + JITTER * (2 * random() - 1))
    step = Math.min(step * GROWTH, MAX_STEP_MS)
  }
}

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
