import type { ProblemCode } from './errors.ts'
import type { Job, Prediction } from './job.ts'
import type { JobInput } from './job-input.ts'
import type { ModelManifest } from './model-manifest.ts'

/** The two sides of the queue. The edge holds a producer, a worker pool a consumer; Redis lies between. */

export interface NewJob {
  id: string
  model: string
  modelVersion: string
  input: JobInput
  /** The input's bytes in `input.encoding`. */
  payload: string
  requestId: string
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
  /** Manifests that pools have announced, by model name. */
  models(): Promise<ModelManifest[]>
}

/** A job that belongs to this consumer until it is settled or its deadline passes. */
export interface ClaimedJob {
  id: string
  /** The stream entry and the attempt number are what proves the claim when the job is settled. */
  entry: string
  attempt: number
  /** Undefined if what was enqueued is no input that this version knows. */
  input: JobInput | undefined
  /** In `input.encoding`; undefined if the deadline has just freed it. */
  payload: Uint8Array | undefined
}

export type JobResult =
  | {
      status: 'succeeded'
      modelVersion: string
      predictions: Prediction[]
      predictMs: number
      batchSize: number
    }
  | { status: 'failed'; code: ProblemCode }

export type SettleOutcome = 'succeeded' | 'failed' | 'expired' | 'stale' | 'gone'

export interface JobConsumer {
  /** Creates the model's queue where it is missing. To be called once before `claim`. */
  join(model: string): Promise<void>
  /** Waits for jobs, at most `blockMs`, and claims up to `max`; empty if none came. */
  claim(model: string, max: number, blockMs: number): Promise<ClaimedJob[]>
  /** Makes a `claim` that is waiting for jobs come back now. */
  endWaiting(): Promise<void>
  /** Ends jobs, in one round trip; outcomes in their order. Idempotent: a repeated settlement is 'stale'. */
  settle(
    model: string,
    settlements: readonly { job: ClaimedJob; result: JobResult }[],
  ): Promise<SettleOutcome[]>
  /** Tells the edge what this pool serves. To be repeated within the manifest TTL. */
  announce(manifests: readonly ModelManifest[]): Promise<void>
}
