import type { ProblemCode } from '../shared/errors.ts'
import type { PublicJob } from '../shared/public-job.ts'
import type { PublicProblem } from '../shared/public-problem.ts'

/** `unreachable`: no answer came. `unexpected-answer`: one came that this API does not give, e.g. from a proxy. */
export type ErrorCode = ProblemCode | 'unreachable' | 'unexpected-answer'

interface ErrorFields {
  code: ErrorCode
  title?: string
  detail: string
  status?: number
  retryable?: boolean
  requestId?: string | undefined
  retryAfterSeconds?: number | undefined
  cause?: unknown
}

/** A request that did not work, after the retries that it was worth. */
export class EdgebatchError extends Error {
  override readonly name: string = 'EdgebatchError'
  readonly code: ErrorCode
  /** The same for all of its code, for people; undefined where no problem of this API was answered. */
  readonly title: string | undefined
  /** What happened in this one case; the message has it too. */
  readonly detail: string
  /** 0 where no answer came. */
  readonly status: number
  /** Whether the very same request may succeed later. */
  readonly retryable: boolean
  /** What to quote when you ask about it. */
  readonly requestId: string | undefined
  /** When it is worth trying again, where the answer says so. */
  readonly retryAfterSeconds: number | undefined

  constructor(fields: ErrorFields) {
    super(`${fields.code}: ${fields.detail}`, { cause: fields.cause })
    this.code = fields.code
    this.title = fields.title
    this.detail = fields.detail
    this.status = fields.status ?? 0
    this.retryable = fields.retryable ?? false
    this.requestId = fields.requestId
    this.retryAfterSeconds = fields.retryAfterSeconds
  }
}

/** A job that did not succeed, where its result was asked for. */
export class EdgebatchJobError extends Error {
  override readonly name: string = 'EdgebatchJobError'
  readonly job: PublicJob

  constructor(job: PublicJob) {
    super(`job ${job.id} is ${job.status}${job.error ? `: ${job.error.title} (${job.error.code})` : ''}`)
    this.job = job
  }
}

/**
 * A job that had not ended in the time that `timeoutMs` gave it. It goes on; `jobId` is what to ask for later, undefined if not even that was
 * answered in time: the same call with the same `idempotencyKey` finds it.
 */
export class EdgebatchTimeoutError extends Error {
  override readonly name: string = 'EdgebatchTimeoutError'
  readonly jobId: string | undefined

  constructor(jobId: string | undefined) {
    super(jobId === undefined ? 'no answer came in time' : `job ${jobId} has not ended yet`)
    this.jobId = jobId
  }
}

/** What an answer that is no success says. Reads its body. */
export async function errorOf(
  response: Response,
  retryAfterSeconds: number | undefined,
): Promise<EdgebatchError> {
  const problem = await problemIn(response)
  const { status } = response
  const requestId = problem?.request_id ?? response.headers.get('x-request-id') ?? undefined
  if (problem) {
    const { code, title, detail, retryable } = problem
    return new EdgebatchError({ code, title, detail, status, retryable, requestId, retryAfterSeconds })
  }
  const detail = `The answer has status ${status}, and is no problem of this API.`
  return new EdgebatchError({
    ...{ code: 'unexpected-answer', detail, status, requestId, retryAfterSeconds },
    retryable: status === 429 || status >= 500,
  })
}

async function problemIn(response: Response): Promise<PublicProblem | undefined> {
  try {
    const body = (await response.json()) as Partial<PublicProblem> | null
    return typeof body?.code === 'string' && typeof body.detail === 'string'
      ? (body as PublicProblem)
      : undefined
  } catch {
    return undefined
  }
}
