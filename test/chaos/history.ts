import type { JobStatus } from '../../shared/job-state.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import type { RequestPlan } from './request-plan.ts'

/** What was seen of a job, by whom. Times are this machine's, ms since the epoch. */
export interface Sighting {
  /** `channel`: told by Redis on the job's own channel, once for each end that is written while somebody watches. */
  by: 'predict' | 'look' | 'cancel' | 'watch' | 'channel'
  askedAt: number
  toldAt: number
  /** `gone`: 404 or 410 for an id that was given. */
  status: JobStatus | 'gone'
  completedAt: number | null
  /** The answer of one that succeeded, the error's code of one that did not; empty otherwise. */
  outcome: string
  /** How often it was begun. */
  attempts: number
}

/** One POST /predict. */
export interface Call {
  askedAt: number
  toldAt: number
  /** Null if there was no answer, or none of the edge's. */
  status: number | null
  /** Of the problem, or what became of the connection. */
  code: string | undefined
  id: string | undefined
  /** `X-Cache`: miss, join, hit. */
  cache: string | undefined
}

export interface RequestRecord {
  plan: RequestPlan
  calls: Call[]
  /** Whether it was ever asked to cancel its job; what became of that may not be known. */
  askedToCancel: boolean
}

export interface JobRecord {
  id: string
  /** Undefined of a job of which only its channel told: the call that made it got no answer. */
  request: RequestRecord | undefined
  sightings: Sighting[]
}

/** All that was seen in a run, in the order in which it was told. */
export class History {
  readonly requests: RequestRecord[] = []
  readonly jobs = new Map<string, JobRecord>()

  begin(plan: RequestPlan): RequestRecord {
    const request: RequestRecord = { plan, calls: [], askedToCancel: false }
    this.requests.push(request)
    return request
  }

  accept(id: string, request: RequestRecord): void {
    this.#job(id).request = request
  }

  see(id: string, sighting: Sighting): void {
    this.#job(id).sightings.push(sighting)
  }

  #job(id: string): JobRecord {
    const known = this.jobs.get(id)
    if (known) return known
    const job: JobRecord = { id, request: undefined, sightings: [] }
    this.jobs.set(id, job)
    return job
  }
}

/** What a job as the API shows it says of its end. */
export function seenIn({ status, completed_at, embedding, error, metrics }: PublicJob) {
  const outcome = embedding === undefined ? (error?.code ?? '') : JSON.stringify(embedding)
  const completedAt = completed_at === null ? null : Date.parse(completed_at)
  return { status, completedAt, outcome, attempts: metrics.attempts }
}
