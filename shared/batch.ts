import type { ProblemCode } from './errors.ts'
import type { Job } from './job.ts'

/** Why an image of a batch has no job. */
export interface Refusal {
  code: ProblemCode
  /** Made for its caller, as a ProblemError's. */
  detail: string
}

/** The images of one call, in the order in which they came. */
export interface NewBatch {
  id: string
  modelVersion: string
  /** As of its jobs. */
  owner: string
  items: readonly ({ id: string } | { error: Refusal })[]
}

export interface Batch {
  id: string
  model: string
  modelVersion: string
  owner: string
  /** By Redis' clock, ms. */
  createdAt: number
  /** `job` is undefined once it is gone, or kept as long as promised. */
  items: ({ job: Job | undefined } | { error: Refusal })[]
}

/** `digest` stands for the caller and his Idempotency-Key, `fingerprint` for all that he asks for; neither holds a space. */
export interface BatchIdempotency {
  digest: string
  fingerprint: string
  ttlMs: number
}

/**
 * `begun`: it is this call's to submit. `replay`: another call with this key has, as batch `id`. `in-progress`: another call is at it.
 * `mismatch`: the key was used for something else.
 */
export type BeginResult =
  | { outcome: 'begun' | 'in-progress' | 'mismatch' }
  | { outcome: 'replay'; id: string }

/** Where batches are. All of these throw RedisUnreachableError or RedisReplyError, and may be repeated then. */
export interface BatchStore {
  /** Reserves a batch id for an Idempotency-Key. What is neither written nor abandoned soon is given up. */
  begin(id: string, idempotency: BatchIdempotency): Promise<BeginResult>
  /** Of a batch that was begun: nothing came of it, and the key may be used again. */
  abandon(id: string, idempotency: BatchIdempotency): Promise<void>
  /** `jobsMs`: until the results of its jobs are over; it is kept as long as they are known. Returns when it was made, by Redis' clock, ms. */
  write(batch: NewBatch, jobsMs: number): Promise<number>
  /** The batch with its jobs as they are, or undefined if there is none. */
  read(id: string): Promise<Batch | undefined>
}
