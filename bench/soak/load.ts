import type { JobStatus } from '../../shared/job-state.ts'
import type { Mix } from './arrivals.ts'
import type { FailureWay } from './call-failure.ts'
import type { CallKind } from './call-kinds.ts'
import type { Gain } from './calls.ts'

/** What the process that makes the calls is to do; handed over as JSON in the variable LOAD. */
export interface LoadTask {
  edgeUrl: string
  apiKey: string
  /** Unused by other tasks of the same stack. */
  name: string
  /** Which of the varied photos is sent first. */
  firstPhoto: number
  seed: number
  mix: Mix
  seconds: number
  /** So many calls a second, at random moments; or always so many at once. */
  pace: { perSecond: number } | { atOnce: number }
  /** The share of clients who come back when they are refused, and how often. */
  obeyShare: number
  retries: number
}

/** One call, its retries included. Times in ms. */
export interface CallRecord {
  kind: CallKind
  /** When it was to begin, since the beginning, and how much later it did: then the generator was too slow. */
  atMs: number
  lateMs: number
  /** From the moment its last try was to begin until its end. */
  ms: number
  /** When that was, since the beginning. */
  endedMs: number
  images: number
  spans?: Gain['spans']
  failure?: { way: FailureWay; what: string }
  obeys: boolean
  tries: number
  told: number[]
}

/** What it tells when all calls have ended. */
export interface LoadResult {
  records: CallRecord[]
  /** As their callers saw each job last. */
  jobs: [id: string, status: JobStatus][]
  cpuMs: number
}
