import type { EnqueueChecks, NewJob } from '../../../../shared/job-queue.ts'
import type { JobStatus } from '../../../../shared/job-state.ts'
import { PRIORITIES, type Priority } from '../../../../shared/priority.ts'

/** What is the same through a history. */
export interface ModelSettings {
  maxBacklog: number
  maxBacklogBytes: number
  maxAttempts: number
}

/** What a caller asks for; the same again is the same call repeated. */
export interface Submission {
  job: NewJob & { payload: string; priority: Priority }
  checks: EnqueueChecks
}

export interface ModelEntry {
  readonly job: ModelJob
  readonly queue: Priority
  /** Greater than that of every entry before. */
  readonly order: number
  /** Its number in its queue, and the bytes up to it: see STREAM_SIZE. */
  readonly nth: number
  readonly sum: number
  /** By which Redis knows it: learned after it was made. */
  id: string
  /** For which consumer it is pending; undefined: it has not been handed out. */
  owner: string | undefined
  /** Nothing has been said of it for longer than a lease. */
  lapsed: boolean
}

export interface ModelJob {
  readonly submission: Submission
  readonly id: string
  readonly priority: Priority
  /** Its hash is there. */
  exists: boolean
  status: JobStatus
  attempt: number
  lost: number
  alone: boolean
  pool: string | undefined
  entry: ModelEntry | undefined
  follows: ModelJob | undefined
  /** The list of them, ended ones included. */
  followers: ModelJob[]
  followed: boolean
  /** By Redis' clock, learned once it was accepted. */
  createdAt: number
  deadline: number
  deadlinePassed: boolean
  /** Whether its input is there, and the jobs whose deadlines keep it. */
  hasInput: boolean
  inputIsFor: Set<ModelJob>
  error: string | undefined
  /** What the model has seen on the photo: here, the photo. */
  label: string | undefined
  /** How often its end is told on its channel. */
  told: number
}

export interface ModelQueue {
  readonly entries: ModelEntry[]
  /** Whether there is a consumer group. */
  hasGroup: boolean
}

/** What Redis is to hold: the queue as ARCHITECTURE.md describes it, in a few lists. */
export class QueueModel {
  readonly settings: ModelSettings
  readonly jobs: ModelJob[] = []
  readonly queues: Record<Priority, ModelQueue> = { high: newQueue(), normal: newQueue(), low: newQueue() }
  /** By digest: the job that has, or will have, the result. */
  readonly cache = new Map<string, ModelJob>()
  /** By digest: what the key was used for. */
  readonly idempotency = new Map<string, { fingerprint: string; job: ModelJob }>()
  /** Jobs that have lost their last attempt. */
  readonly letters: ModelJob[] = []
  #entries = 0
  #ended: ModelEntry[] = []

  constructor(settings: ModelSettings) {
    this.settings = settings
  }

  get entries(): ModelEntry[] {
    return PRIORITIES.flatMap((priority) => this.queues[priority].entries)
  }

  /** Whether an entry is still in its queue. */
  holds(entry: ModelEntry): boolean {
    return this.queues[entry.queue].entries.includes(entry)
  }

  /** Puts a job at the end of its queue. */
  append(job: ModelJob): void {
    const { entries } = this.queues[job.priority]
    const last = entries.at(-1)
    const entry: ModelEntry = {
      ...{ job, queue: job.priority, order: this.#entries++ },
      ...{ nth: (last?.nth ?? 0) + 1, sum: (last?.sum ?? 0) + bytesOf(job) },
      ...{ id: '', owner: undefined, lapsed: false },
    }
    entries.push(entry)
    job.entry = entry
  }

  /** Nobody needs that entry any more: it is removed with all such, when the script has done its work. */
  end(entry: ModelEntry): void {
    this.#ended.push(entry)
  }

  removeEnded(): void {
    for (const entry of this.#ended.splice(0)) this.remove(entry)
  }

  remove(entry: ModelEntry): void {
    const { entries } = this.queues[entry.queue]
    const at = entries.indexOf(entry)
    if (at >= 0) entries.splice(at, 1)
  }
}

export function isOpen({ exists, status }: ModelJob): boolean {
  return exists && (status === 'queued' || status === 'processing')
}

export function bytesOf({ submission }: ModelJob): number {
  return submission.job.payload.length
}

function newQueue(): ModelQueue {
  return { entries: [], hasGroup: false }
}
