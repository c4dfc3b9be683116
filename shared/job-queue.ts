import type { KnownModel, PoolLoad } from './announcement.ts'
import type { ProblemCode } from './errors.ts'
import type { Job, JobOutput } from './job.ts'
import type { JobInput } from './job-input.ts'
import type { JobStatus } from './job-state.ts'
import type { ModelManifest } from './model-manifest.ts'
import type { Priority } from './priority.ts'
import type { Webhook } from './webhook.ts'

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
  /** The input in `input.encoding`. Bytes go as they are where the way to Redis carries them, and else in base64. */
  payload: string | Uint8Array
  requestId: string
  /** W3C trace context of the request, for the pool's spans to join. */
  traceparent?: string | undefined
  /** `normal` where nothing is said. */
  priority?: Priority
  /** Id of the API key that it is made with; empty, as by default, without one. */
  owner?: string
  /** How long it may take from acceptance to result; the queue's own time where nothing is said. */
  deadlineMs?: number | undefined
  /** Whether somebody waits on the job's channel to be told of its end. */
  watched?: boolean
  webhook?: Webhook | undefined
}

/** What the script checks before it accepts a job, in the same round trip. */
export interface EnqueueChecks {
  /**
   * The API key that the job is made with: accepted only while Redis holds just this record under its id, and within its rate.
   */
  key?: { id: string; stored: string; rate: { limit: number; windowMs: number } | undefined } | undefined
  /** `digest` stands for the caller and his key, `fingerprint` for all that he asks for. */
  idempotency?: { digest: string; fingerprint: string; ttlMs: number } | undefined
  /** `digest` stands for the caller, the model version, the input and the options that matter to the result. */
  cache?: { digest: string; ttlMs: number } | undefined
  /** Images a second that the pools of its version serve, by which who is refused is told when to come back; null where that is not known. */
  drainRate?: number | null
}

/** What is left of an API key's rate. */
export interface RateState {
  limit: number
  windowMs: number
  remaining: number
  /** Until all of it is there again. */
  resetMs: number
}

/**
 * `queued`: accepted; `backlog` counts the jobs that will have been served when this one has, itself included. `exists`: the same call had been
 * accepted before. `replayed`: another call with this Idempotency-Key had. `hit`: the result was there already. `joined`: the same is under way, and
 * this job gets its result. `job` is as it is then.
 */
export type EnqueueResult =
  | {
      outcome: 'queued' | 'exists' | 'replayed' | 'hit' | 'joined'
      job: Job
      position: number | null
      rate?: RateState | undefined
    }
  | { outcome: 'full'; backlog: number; retryAfterMs: number }
  | { outcome: 'rate-limited'; retryAfterMs: number; rate: RateState }
  | { outcome: 'idempotency-mismatch' }
  /** The key is no longer what the edge took it for. */
  | { outcome: 'key-changed' }

/** A job, and where it stands in its queue. */
export interface JobLook {
  job: Job
  /** Jobs that will have been served when this one has, itself included. Null once it is not queued, or where Redis does not tell. */
  position: number | null
}

export interface JobProducer {
  /** Idempotent by `job.id`. Throws RedisUnreachableError or RedisReplyError, as all of these do. */
  enqueue(job: NewJob, checks?: EnqueueChecks): Promise<EnqueueResult>
  /** The job, or undefined if there is none (never was, or its TTL is over). */
  read(id: string): Promise<Job | undefined>
  /** The same with its place; with `watch`, its end will be told on its channel. */
  look(id: string, options?: { watch?: boolean }): Promise<JobLook | undefined>
  /** Ends a job that has not ended. The status it has then, or undefined if there is no such job. */
  cancel(job: Job): Promise<JobStatus | undefined>
  /** The channel on which the end of a job is told, if it is watched. */
  channelOf(job: { id: string; model: string }): string
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
  /** Which of the version's queues it was in. */
  priority: Priority
}

/** An entry of a job that has lost an attempt: it is to be run alone, `inMs` from now at the earliest. */
export interface LoneEntry {
  handedOut: HandedOut
  inMs: number
}

/** What became of entries that were to be claimed. Those of jobs that are no longer there to be run are in neither. */
export interface Claims {
  /** In the entries' order; undefined for those that are not claimed. */
  jobs: (ClaimedJob | undefined)[]
  /** Handed out still, and not claimed. */
  lone: LoneEntry[]
}

export interface Retried {
  lone: LoneEntry[]
  /** Ids of those that have failed with it: it was their last attempt. */
  dead: string[]
}

/** What was taken over from pools that are gone, or have not renewed their leases. */
export interface TakenOver extends Retried {
  /** Of jobs that had only been handed out. */
  entries: HandedOut[]
}

export interface TakeOverOptions {
  /** Since entries were handed out or renewed. */
  idleMs: number
  /** Who has been out of touch with Redis for longer than this takes nothing over until he has been in touch for as long. */
  silenceMs: number
  /** Of each queue. */
  max: number
  /** Consumers that hold nothing and have not asked for so long are forgotten; undefined: none are. */
  removeIdleMs: number | undefined
}

/** A job that belongs to this consumer until it is settled, released or lost, its lease runs out, or its deadline passes. */
export interface ClaimedJob extends HandedOut {
  /** With the stream entry, what proves the claim when the job is settled. */
  attempt: number
  /** Both by Redis' clock, in ms: how long the job waited is known whatever this machine's clock says. */
  createdAt: number
  claimedAt: number
  /** By the same clock: who has no result by then need not be run. */
  deadline: number
  /** Its end is to be told at once. */
  hasWebhook: boolean
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

/** `canceled`: by its caller, meanwhile. */
export type SettleOutcome = 'succeeded' | 'failed' | 'expired' | 'canceled' | 'stale' | 'gone'

/** Why an attempt came to nothing: its pool did not renew its lease, or the session's thread ended while it ran. */
export type LossReason = 'pool-lost' | 'instance-lost'

export type ReleaseOutcome = 'queued' | 'stale' | 'gone'

export interface Taken {
  entries: HandedOut[]
  /** The queues had no more than these. False where that is not known: it had as many as were asked for, or the connection was lost. */
  isAll: boolean
}

/** How many jobs to take from each of a version's queues. */
export type Quotas = Readonly<Record<Priority, number>>

/** Takes jobs of one version from its queues, on a connection of its own. What is taken must be claimed or it stays with this consumer. */
export interface QueueReader {
  /** Entries that Redis has handed out already, being more than was asked for: what is taken next, with no word to Redis. */
  readonly owed: number
  /**
   * Waits for entries, at most `blockMs` (0: not at all), and takes up to `max`, the most urgent first; none if none came. Throws
   * RedisReplyError if Redis refuses.
   */
  take(max: number, blockMs: number): Promise<Taken>
  /**
   * Takes what is there: of each queue its quota, and what quotas leave, from the most urgent that has more. Throws RedisReplyError if
   * Redis refuses.
   */
  takeByQuota(quotas: Quotas): Promise<Taken>
  /** Makes a `take` that is waiting come back now, with what it has. */
  endWaiting(): Promise<void>
  close(): void
}

/** What a job is protected by from its pool's death: who does not renew the lease of what he holds loses it to others. */
export interface JobLeases {
  /** Begins the leases of all that this consumer holds of these queues anew. */
  renew(queue: QueueName): Promise<void>
  /**
   * Takes over what others hold and have not renewed. Takes nothing where this consumer has not spoken to Redis for a while, until it has again
   * for as long: others may have had no chance to renew either.
   */
  takeOver(queue: QueueName, options: TakeOverOptions): Promise<TakenOver>
  /** The attempts of these have come to nothing, through no result of the model. What is to be tried again stays with this consumer. */
  retry(queue: QueueName, jobs: readonly ClaimedJob[], reason: LossReason): Promise<Retried>
}

export interface JobConsumer {
  /** Creates the version's queues where they are missing, and opens a reader of them. */
  open(queue: QueueName): Promise<QueueReader>
  /**
   * Claims what was handed out. Jobs that are to be run alone are claimed only with `alone`: by who will run no other meanwhile. Safe to
   * repeat after an error.
   */
  claim(queue: QueueName, entries: readonly HandedOut[], options?: { alone?: boolean }): Promise<Claims>
  /** Where in Redis the bytes of a job's input are. */
  inputKey(queue: QueueName, id: string): string
  /** Ends jobs, in one round trip; outcomes in their order. Idempotent: one that is repeated has the same outcome again. */
  settle(
    queue: QueueName,
    settlements: readonly { job: ClaimedJob; result: JobResult }[],
  ): Promise<SettleOutcome[]>
  /** Gives claimed jobs back to the end of their queues, for any pool to take. */
  release(queue: QueueName, jobs: readonly ClaimedJob[]): Promise<ReleaseOutcome[]>
  readonly leases: JobLeases
  /** How many of a version's jobs wait or are being served, by whomever. */
  backlog(queue: QueueName): Promise<number>
  /**
   * Tells the edge that this pool lives and what it serves. To be repeated within the pool TTL. Returns those of `withdrawn` that stay
   * known, since other pools list them: such as are alive, or died a short time ago.
   */
  announce(announcement: Announcement): Promise<string[]>
  /** Tells the edge that this pool serves nothing any more; what it announced stays known. Nothing is announced after it. */
  leave(): Promise<void>
}
