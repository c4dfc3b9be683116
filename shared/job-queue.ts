import type { KnownModel, PoolLoad } from './announcement.ts'
import type { ProblemCode } from './errors.ts'
import type { Job, JobOutput } from './job.ts'
import type { JobInput } from './job-input.ts'
import type { ModelManifest } from './model-manifest.ts'

/** The two sides of the queue. The edge holds a producer, a worker pool a consumer; Redis lies between. */

/** Each version of a model has a queue of its own. */
export interface QueueName {
  model: string
  version: string
}

export interface NewJob {
  id: string
  model: string
  modelVersion: string
  input: JobInput
  /** The input's bytes in `input.encoding`. */
  payload: string
  requestId: string
  /** W3C trace context of the request, for the pool's spans to join. */
  traceparent?: string | undefined
}

/**
 * `backlog`: jobs of this model waiting or in flight, this one included when it was accepted. `exists`: it had been accepted
 * before; `job` shows it as it was when it was accepted.
 */
export type EnqueueResult = { backlog: number } & (
  | { outcome: 'queued' | 'exists'; job: Job }
  | { outcome: 'full' }
)

export interface JobProducer {
  /** Idempotent by `job.id`. Throws RedisUnreachableError or RedisReplyError. */
  enqueue(job: NewJob): Promise<EnqueueResult>
  /** The job, or undefined if there is none (never was, or its TTL is over). */
  read(id: string): Promise<Job | undefined>
  /** What pools have announced, by model name; the versions of one in no order. */
  models(): Promise<KnownModel[]>
}

/** What a pool tells the edge. */
export interface Announcement {
  /** All that it serves. */
  manifests: readonly ModelManifest[]
  /**
   * `name@version` of what it serves no longer and is to be forgotten. To be told until it is, but not for ever: another pool may bring
   * it back, and end while it is still wanted.
   */
  withdrawn: readonly string[]
  load: PoolLoad
}

/** An entry that Redis has handed to this consumer, and nobody else will get, but whose job is not claimed yet. */
export interface HandedOut {
  entry: string
  /** The job's id. */
  id: string
}

/** A job that belongs to this consumer until it is settled or released, or its deadline passes. */
export interface ClaimedJob {
  id: string
  /** The stream entry and the attempt number are what proves the claim when the job is settled. */
  entry: string
  attempt: number
  /** Both by Redis' clock, in ms: how long the job waited is known whatever this machine's clock says. */
  createdAt: number
  claimedAt: number
  requestId: string
  traceparent: string | undefined
  /** Undefined if what was enqueued is no input that this version knows. */
  input: JobInput | undefined
}

export type JobResult =
  | {
      status: 'succeeded'
      modelVersion: string
      output: JobOutput
      predictMs: number
      batchSize: number
    }
  | { status: 'failed'; code: ProblemCode }

export type SettleOutcome = 'succeeded' | 'failed' | 'expired' | 'stale' | 'gone'

export type ReleaseOutcome = 'queued' | 'stale' | 'gone'

export interface Taken {
  entries: HandedOut[]
  /** The queue had no more than these. False where that is not known: it had as many as were asked for, or the connection was lost. */
  isAll: boolean
}

/** Waits for the jobs of one queue, on a connection of its own. */
export interface QueueReader {
  /**
   * Waits for entries, at most `blockMs` (0: not at all), and takes up to `max`; none if none came. They must be claimed or they stay
   * with this consumer. Throws RedisReplyError if Redis refuses.
   */
  take(max: number, blockMs: number): Promise<Taken>
  /** Makes a `take` that is waiting come back now, with what it has. */
  endWaiting(): Promise<void>
  close(): void
}

export interface JobConsumer {
  /** Creates the queue where it is missing, and opens a reader of it. */
  open(queue: QueueName): Promise<QueueReader>
  /** Claims what was handed out; undefined for each job that is no longer there to be run. Safe to repeat after an error. */
  claim(queue: QueueName, entries: readonly HandedOut[]): Promise<(ClaimedJob | undefined)[]>
  /** Where in Redis the bytes of a job's input are. */
  inputKey(queue: QueueName, id: string): string
  /** Ends jobs, in one round trip; outcomes in their order. Idempotent: one that is repeated has the same outcome again. */
  settle(
    queue: QueueName,
    settlements: readonly { job: ClaimedJob; result: JobResult }[],
  ): Promise<SettleOutcome[]>
  /** Gives claimed jobs back to the end of their queue, for any pool to take. */
  release(queue: QueueName, jobs: readonly ClaimedJob[]): Promise<ReleaseOutcome[]>
  /**
   * Tells the edge that this pool lives and what it serves. To be repeated within the pool TTL. Returns those of `withdrawn` that stay
   * known, since other pools list them: such as are alive, or died a short time ago.
   */
  announce(announcement: Announcement): Promise<string[]>
  /** Tells the edge that this pool serves nothing any more; what it announced stays known. Nothing is announced after it. */
  leave(): Promise<void>
}
