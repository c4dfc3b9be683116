import type { Clock } from '../../shared/clock.ts'
import type { JobLook } from '../../shared/job-queue.ts'
import { isTerminal } from '../../shared/job-state.ts'
import type { PushStream } from '../result-push.ts'
import { type WakeUp, WakeUps } from './wake-ups.ts'

/** Bounds of the time between two looks at a job, and how it grows. */
const MIN_STEP_MS = 15
const MAX_STEP_MS = 2_000
/** The first look comes no later than this: what is expected is a guess. */
export const LONGEST_FIRST_PAUSE_MS = 1_000
const GROWTH = 1.5
/** Each step is varied by this part of itself, so that callers who came together do not poll together. */
const JITTER = 0.2
/** While push works, looks are only there for what it may have missed. */
const PUSHED_STEP_MS = 10_000
/** A result that is expected sooner than this is polled for: that costs Redis less than telling does. */
export const PUSH_FROM_MS = 250

export interface Push {
  open: () => PushStream
  /** A look after which the job's end is told on the channel. */
  watch: () => Promise<JobLook | undefined>
  /** What a message says of the job; undefined if that cannot be read. */
  read: (message: string) => JobLook | undefined
}

export interface Looks {
  /** `last`: the one after which nothing more is looked at, unless the job has ended before. */
  look: (last: boolean) => Promise<JobLook | undefined>
  /** Undefined where there is no push. */
  push: Push | undefined
  /** While push works, which tells ends alone: whether what comes before the end matters too. */
  everyStep?: boolean
  /** How long to look in all. */
  waitMs: number
  /** When the result is to be expected: the first look is then, or after a second. */
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
 * What is found of a job, look after look, until it is terminal, gone (undefined, once) or the time is over: one look is made when
 * it is. An Error stands for a look that failed; there is another at the next step.
 *
 * Polling is what results rest on. Push wakes it up: it is opened where the result is not to be expected soon. On its
 * acknowledgement there is a look, since the end may have been told before.
 */
export async function* lookAtJob(looks: Looks): AsyncGenerator<JobLook | Error | undefined> {
  const { push, everyStep = false, waitMs, expectedMs, clock, random, signal, stopping } = looks
  const begin = clock.now()
  const woken = signal && stopping ? AbortSignal.any([signal, stopping]) : (signal ?? stopping)
  let wakeUps: WakeUps | undefined
  let pushed = false
  let step = Math.max(MIN_STEP_MS, Math.min(expectedMs / 4, MAX_STEP_MS))
  let pause = Math.min(expectedMs, LONGEST_FIRST_PAUSE_MS)
  let mayPush = push !== undefined
  try {
    for (;;) {
      const passed = clock.now() - begin
      const isSlow = Math.max(expectedMs, passed) >= PUSH_FROM_MS
      if (push && mayPush && isSlow && passed < waitMs) {
        wakeUps = new WakeUps(push.open())
        mayPush = false
      }
      const wakeUp =
        passed < waitMs ? await sleep(clock, Math.min(pause, waitMs - passed), wakeUps, woken) : undefined
      if (signal?.aborted) return
      if (wakeUp?.kind === 'ended') {
        wakeUps?.close()
        wakeUps = undefined
        pushed = false
        pause = step
        continue
      }
      if (wakeUp) wakeUps?.taken()
      const over = stopping?.aborted === true || clock.now() - begin >= waitMs
      const told = wakeUp?.kind === 'message' ? push?.read(wakeUp.text) : undefined
      const found = told ?? (await orError(wakeUp && push ? push.watch : () => looks.look(over)))
      // A look that failed has not said that the job is watched: then nobody may tell of its end.
      if (wakeUp?.kind === 'acknowledged') pushed = !(found instanceof Error)
      yield found
      const ended = !(found instanceof Error) && (!found || isTerminal(found.job.status))
      if (ended || over) return
      pause = (pushed && !everyStep ? PUSHED_STEP_MS : step) * (1 + JITTER * (2 * random() - 1))
      pause = Math.min(pause, untilDeadline(found))
      if (!wakeUp) step = Math.min(step * GROWTH, MAX_STEP_MS)
    }
  } finally {
    wakeUps?.close()
  }
}

/** Where there is no pool, nobody tells of a deadline that passes. From the moment of the look on, by Redis' clock: ours may be wrong. */
function untilDeadline(found: JobLook | Error | undefined): number {
  if (!found || found instanceof Error) return Infinity
  const ms = found.job.deadline - found.job.read_at
  return ms > 0 ? ms + MIN_STEP_MS : Infinity
}

async function orError(look: () => Promise<JobLook | undefined>): Promise<JobLook | Error | undefined> {
  try {
    return await look()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Until `ms` have passed, push says something, or `woken` aborts. */
async function sleep(
  clock: Clock,
  ms: number,
  wakeUps: WakeUps | undefined,
  woken: AbortSignal | undefined,
): Promise<WakeUp | undefined> {
  if (!wakeUps) {
    await clock.sleep(ms, woken)
    return undefined
  }
  const enough = new AbortController()
  try {
    const signal = woken ? AbortSignal.any([enough.signal, woken]) : enough.signal
    return await Promise.race([clock.sleep(ms, signal).then(() => undefined), wakeUps.next])
  } finally {
    enough.abort()
  }
}
