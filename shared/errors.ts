import * as z from 'zod'

/**
 * Every failure a client can see, in one table. `status` is the HTTP status, `title` the public summary (RFC 9457),
 * `retryable` whether the very same request may succeed later. What happened in this one case goes into `detail`,
 * which is written for the client too: it never quotes the client's bytes or an internal error.
 */
export const PROBLEMS = {
  'invalid-request': { status: 400, retryable: false, title: 'The request is malformed' },
  'missing-image': { status: 400, retryable: false, title: 'The request carries no image' },
  'empty-image': { status: 400, retryable: false, title: 'The image is empty' },
  'model-required': { status: 400, retryable: false, title: 'The request must name a model' },
  unauthorized: { status: 401, retryable: false, title: 'No valid API key' },
  forbidden: { status: 403, retryable: false, title: 'The API key does not allow this' },
  'route-not-found': { status: 404, retryable: false, title: 'There is nothing at this address' },
  'model-not-found': { status: 404, retryable: false, title: 'No such model' },
  'job-not-found': { status: 404, retryable: false, title: 'No such job' },
  'dead-letter-not-found': { status: 404, retryable: false, title: 'No such dead letter' },
  'method-not-allowed': { status: 405, retryable: false, title: 'This address does not take that method' },
  'idempotency-conflict': {
    status: 409,
    retryable: true,
    title: 'A request with this Idempotency-Key is still being accepted',
  },
  'idempotency-mismatch': {
    status: 422,
    retryable: false,
    title: 'This Idempotency-Key was used for another request',
  },
  'dead-letter-unreadable': {
    status: 409,
    retryable: false,
    title: 'What is kept of the dead letter makes no job',
  },
  'input-expired': { status: 410, retryable: false, title: 'The input was kept as long as promised' },
  'result-expired': { status: 410, retryable: false, title: 'The result was kept as long as promised' },
  'upload-too-slow': { status: 408, retryable: true, title: 'The upload took too long' },
  'body-too-large': { status: 413, retryable: false, title: 'The upload has too many bytes' },
  'image-too-large': { status: 413, retryable: false, title: 'The image has too many pixels' },
  'unsupported-image': { status: 415, retryable: false, title: 'Not a supported image' },
  'undecodable-image': { status: 422, retryable: false, title: 'The image cannot be decoded' },
  'job-expired': { status: 410, retryable: true, title: 'The job was not finished before its deadline' },
  'unreadable-input': { status: 500, retryable: false, title: 'What reached the model was not its input' },
  'inference-failed': { status: 500, retryable: true, title: 'The model failed on this image' },
  'attempts-exhausted': {
    status: 500,
    retryable: false,
    title: 'Each attempt to run this job has ended with the machine that ran it',
  },
  'internal-error': { status: 500, retryable: true, title: 'Something went wrong on our side' },
  'rate-limited': { status: 429, retryable: true, title: 'Too many requests with this API key' },
  'edge-busy': { status: 503, retryable: true, title: 'Too many uploads at once' },
  'queue-full': { status: 503, retryable: true, title: 'The queue is full' },
  'no-model': { status: 503, retryable: true, title: 'No worker pool has announced a model' },
  'no-pool': { status: 503, retryable: true, title: 'No worker pool is running' },
  'queue-unavailable': { status: 503, retryable: true, title: 'The queue cannot be reached' },
} as const satisfies Record<string, { status: number; retryable: boolean; title: string }>

export type ProblemCode = keyof typeof PROBLEMS
export const problemCodeSchema = z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]])

/** An error whose `code` and `detail` may be shown to the client; its `cause` may not. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ProblemCode
  readonly detail: string
  /** What the answer's headers say besides. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ProblemCode,
    detail: string,
    { headers = {}, ...options }: ErrorOptions & { headers?: Record<string, string> } = {},
  ) {
    super(`${code}: ${detail}`, options)
    this.code = code
    this.detail = detail
    this.headers = headers
  }
}
