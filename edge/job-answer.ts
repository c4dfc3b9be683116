import type { Context } from 'hono'
import type { EncodingFormat } from '../shared/job.ts'
import type { JobLook } from '../shared/job-queue.ts'
import { isTerminal } from '../shared/job-state.ts'
import { type PublicJob, toPublicJob } from '../shared/public-job.ts'
import type { EdgeContext, EdgeEnvironment } from './edge-context.ts'
import { eventStreamResponse, type ServerSentEvent } from './event-stream.ts'
import { outlookOf, retryAfterOutlook } from './outlook.ts'
import { jobEvents, parseLastEventId } from './waiting/job-events.ts'
import { looksAt } from './waiting/job-looks.ts'

type RequestContext = Context<EdgeEnvironment>

/** A job as this request's caller sees it, with its place and when to expect its result. */
export function viewOf(
  c: RequestContext,
  context: EdgeContext,
  look: JobLook,
  encoding: EncodingFormat,
): PublicJob {
  const { job } = look
  const outlook = outlookOf(look, context.models.drainRate(job.model, job.model_version))
  return toPublicJob(job, { origin: c.get('origin'), outlook, encoding })
}

/** 200 with a terminal job, 202 with a pending one and where to ask for it. */
export function answerWithJob(
  c: RequestContext,
  context: EdgeContext,
  look: JobLook,
  encoding: EncodingFormat,
): Response {
  const body = viewOf(c, context, look, encoding)
  c.header('cache-control', 'no-store')
  if (isTerminal(look.job.status)) return c.json(body, 200)
  c.header('location', `/result/${look.job.id}`)
  c.header(
    'retry-after',
    String(retryAfterOutlook({ position: body.queue_position, etaSeconds: body.eta_seconds })),
  )
  return c.json(body, 202)
}

/** Not with HEAD: a stream that nobody reads would go on. */
export function wantsEvents(c: RequestContext): boolean {
  return (
    c.req.method !== 'HEAD' && /(?:^|,)\s*text\/event-stream\s*(?:$|[,;])/i.test(c.req.header('accept') ?? '')
  )
}

/** What happens to a job from now on, as a stream of events. */
export function answerWithEvents(
  c: RequestContext,
  context: EdgeContext,
  look: JobLook,
  encoding: EncodingFormat,
): Response {
  const gone = new AbortController()
  c.req.raw.signal?.addEventListener('abort', () => gone.abort())
  const { job } = look
  const looks = {
    ...looksAt(context, job, { everyStep: true }),
    waitMs: Math.max(0, job.deadline - job.created_at) + DEADLINE_MARGIN_MS,
    expectedMs: look.job.status === 'queued' ? context.serviceTimes.expectedMs(job.model) : 0,
    signal: gone.signal,
  }
  const lastId = parseLastEventId(c.req.header('last-event-id'))
  async function* events(): AsyncGenerator<ServerSentEvent> {
    for await (const told of jobEvents(look, lastId, looks)) {
      const data = JSON.stringify(viewOf(c, context, told.look, encoding))
      yield { event: told.look.job.status, id: String(told.id), data }
    }
  }
  c.header('location', `/result/${job.id}`)
  return eventStreamResponse(events(), gone, context.deps.clock, new Headers(c.res.headers))
}

/** A stream outlives its job's deadline by this: then the job is expired for every reader. */
const DEADLINE_MARGIN_MS = 1_000
