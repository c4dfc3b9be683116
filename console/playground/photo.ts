import type { JobStatus } from '../../shared/job-state.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import type { Problem } from '../session/problem.ts'
import type { ServerTiming } from './server-timing.ts'

/**
 * - `waiting`: for its turn to be sent.
 * - `held`: was refused for a passing reason, and is sent again at `retryAt`.
 * - `refused`: was not accepted.
 * - `lost`: was accepted, but nothing is heard of it any more.
 * - the rest: as the job is.
 */
export type PhotoState = 'waiting' | 'uploading' | 'held' | 'refused' | 'lost' | JobStatus

/** One photo, and what became of it. Never changed: another one takes its place. */
export interface Photo {
  readonly id: number
  readonly file: File
  /** `name` or `name@version`; undefined leaves it to the service. */
  readonly model: string | undefined
  readonly state: PhotoState
  /** Whether all is shown of it, rather than one line. */
  readonly expanded: boolean
  /** 0 to 1. */
  readonly sent: number
  /** Why it was refused, is held, or was lost sight of. */
  readonly problem?: Problem | undefined
  /** By this machine's clock, in ms. */
  readonly retryAt?: number | undefined
  /** Once it was accepted. */
  readonly job?: PublicJob | undefined
  readonly serverTiming?: ServerTiming | undefined
  /** Whether its result was there already, or is that of another job. */
  readonly cache?: 'hit' | 'join' | 'miss' | undefined
  /** Whether the connection that tells of it is being made anew. */
  readonly reconnecting: boolean
  /** From the moment it was sent until its end was known here, in ms. */
  readonly tookMs?: number | undefined
}

const OVER: readonly PhotoState[] = ['succeeded', 'failed', 'canceled', 'expired', 'refused', 'lost']

/** Whether one that is over may end otherwise if it is run again: refusals for a passing reason, or for the key, which may be another now. */
export function mayEndOtherwise({ state, problem, job }: Photo): boolean {
  if (state === 'refused' && problem) return problem.retryable || [401, 429, 503].includes(problem.status)
  return job?.error?.retryable ?? true
}

export function isOver({ state }: Photo): boolean {
  return OVER.includes(state)
}
