import type { Batch } from '../../shared/batch.ts'
import type { Clock } from '../../shared/clock.ts'
import { hasEnded } from '../../shared/public-batch.ts'
import { LONGEST_FIRST_PAUSE_MS } from '../waiting/look-at-job.ts'

/** Bounds of the time between two looks, and how it grows. Each look reads all jobs: it costs more than one at a job. */
const MIN_STEP_MS = 30
const MAX_STEP_MS = 2_000
const GROWTH = 1.5
/** Requests that a look takes which fails: it is tried three times. */
const FAILED_LOOK_REQUESTS = 3
/** Each step is varied by this part of itself, so that callers who came together do not poll together. */
const JITTER = 0.2

export interface BatchLooks {
  read: () => Promise<Batch | undefined>
  /** Requests to Redis that may be made in all: a Worker has a bounded number of them. */
  maxRequests: number
  /** How long to look in all. */
  waitMs: number
  /** When results are to be expected: the first look is then, or after a second. */
  expectedMs: number
  clock: Clock
  /** 0 to 1; Math.random but in tests. */
  random: () => number
  /** Aborted when the caller has gone; then nothing more is looked at. */
  signal: AbortSignal | undefined
  /** Aborted when this process is about to end: then the time is over. */
  stopping: AbortSignal | undefined
}

/**
 * A batch, look after look, until it has ended, is gone, the requests are used up, or the time is over: one look is made when it is. A look that
 * fails is left out, and made again at the next step.
 */
export async function* lookAtBatch(looks: BatchLooks): AsyncGenerator<Batch> {
  const { read, maxRequests, waitMs, expectedMs, clock, random, signal, stopping } = looks
  const end = clock.now() + waitMs
  const woken = signal && stopping ? AbortSignal.any([signal, stopping]) : (signal ?? stopping)
  let step = Math.max(MIN_STEP_MS, Math.min(expectedMs / 4, MAX_STEP_MS))
  let pause = Math.min(expectedMs, LONGEST_FIRST_PAUSE_MS)
  let requests = 0
  while (requests < maxRequests) {
    const left = end - clock.now()
    if (left > 0) await clock.sleep(Math.min(pause, left), woken)
    if (signal?.aborted) return
    const over = stopping?.aborted || clock.now() >= end
    const found = await read().catch(() => 'failed' as const)
    requests += found === 'failed' ? FAILED_LOOK_REQUESTS : 1
    if (!found) return
    if (found !== 'failed') {
      yield found
      if (hasEnded(found)) return
    }
    if (over) return
    pause = step * (1 + JITTER * (2 * random() - 1))
    step = Math.min(step * GROWTH, MAX_STEP_MS)
  }
}

/** The batch as it is when it has ended, or when the time is over or the requests are used up. It is not looked at if there is no time, or it has ended already. */
export async function waitForBatch(batch: Batch, looks: BatchLooks): Promise<Batch> {
  let last = batch
  if (looks.waitMs <= 0 || hasEnded(batch)) return last
  for await (const found of lookAtBatch(looks)) last = found
  return last
}
