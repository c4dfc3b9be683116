import type { Context } from 'hono'
import { mayUseModel } from '../../shared/api-key.ts'
import { ProblemError } from '../../shared/errors.ts'
import type { EncodingFormat } from '../../shared/job.ts'
import type { EdgeApp, EdgeContext, EdgeEnvironment } from '../edge-context.ts'
import { parseEncodingFormat } from '../encoding-format.ts'
import { answerWithEvents, answerWithJob, wantsEvents } from '../job-answer.ts'
import { allowOnly } from '../method-not-allowed.ts'
import { photosInBody, type UploadedPhotos } from '../photos-in-body.ts'
import { parseWebhookFields } from '../predict-body.ts'
import { type Preference, parsePrefer, preferenceApplied } from '../prefer-header.ts'
import { sayRate } from '../rate-headers.ts'
import { deadlineMs } from '../submission/cancel-after.ts'
import { parseRequestOptions } from '../submission/request-options.ts'
import { requestedWebhook } from '../submission/requested-webhook.ts'
import { deadlineLimits, type Submission, type Submitted, submit } from '../submission/submit.ts'
import { traceparentToPassOn } from '../traceparent.ts'
import { looksAt } from '../waiting/job-looks.ts'
import { PUSH_FROM_MS } from '../waiting/look-at-job.ts'
import { waitForResult } from '../waiting/wait-for-result.ts'
import { answerWhenEnded, submitBatch } from './batch.ts'

/**
 * POST /predict: a photo in, labels out, or a job id if the caller will not wait that long. Several photos make a batch, which is answered
 * in the same way.
 */
export function predictRoutes(app: EdgeApp, context: EdgeContext): void {
  app.post('/predict', async (c) => {
    const preference = parsePrefer(c.req.header('prefer'))
    const waitMs = waitMsOf(preference, context)
    // Whatever is wrong with a request is said when its body has arrived: a client that is still sending misses the answer.
    const { encoding, batch, submitted } = await context.uploads.withBody(c.req.raw, async (body) => {
      const encoding = parseEncodingFormat(c.req.query('encoding_format'))
      const uploaded = photosInBody(body, c.req.raw.headers.get('content-type'), context.deps.maxImages)
      const submission = await c.get('timings').measure('validate', () => submissionOf(c, context, uploaded))
      if (uploaded.isBatch)
        return { encoding, batch: await submitBatch(c, context, uploaded.photos, submission) }
      const watched = willWatch(submission.model.name, waitMs)
      return { encoding, submitted: await submit(context, uploaded.photos[0], { ...submission, watched }) }
    })
    const applied = preferenceApplied(preference)
    if (applied) c.header('preference-applied', applied)
    return batch
      ? answerWhenEnded(c, context, batch, { waitMs, encoding, submitted: batch.items.length })
      : answerNewJob(c, context, submitted, { waitMs, encoding })
  })
  allowOnly(app, '/predict')

  /** Whether the result will be waited for by push: said with the job, that spares saying it later. */
  function willWatch(model: string, waitMs: number): boolean {
    const expectedMs = context.serviceTimes.expectedMs(model)
    return context.deps.push !== undefined && Math.min(expectedMs, waitMs) >= PUSH_FROM_MS
  }
}

type RequestContext = Context<EdgeEnvironment>

/** The answer to the call that made a job, when it has ended, or after at most `waitMs`. */
async function answerNewJob(
  c: RequestContext,
  context: EdgeContext,
  submitted: Submitted,
  { waitMs, encoding }: { waitMs: number; encoding: EncodingFormat },
): Promise<Response> {
  sayHowAccepted(c, submitted)
  const accepted = { job: submitted.job, position: submitted.position }
  if (wantsEvents(c)) return answerWithEvents(c, context, accepted, encoding)
  const found = await c.get('timings').measure('wait', () =>
    waitForResult({
      accepted,
      ...looksAt(context, submitted.job, { watched: submitted.watched }),
      waitMs,
      expectedMs: context.serviceTimes.expectedMs(submitted.job.model),
      signal: c.req.raw.signal,
    }),
  )
  if (!found)
    throw new ProblemError('job-not-found', 'The job was accepted and has vanished from the queue since.')
  if (submitted.outcome === 'queued') context.serviceTimes.observe(found.job)
  return answerWithJob(c, context, found, encoding)
}

async function submissionOf(
  c: RequestContext,
  context: EdgeContext,
  uploaded: UploadedPhotos,
): Promise<Submission> {
  const query = c.req.query()
  const { model, version } = query
  const origin = c.get('origin')
  const caller = c.get('caller')
  const options = parseRequestOptions((name) => c.req.header(name), caller)
  const chosen = await context.models.choose({ model, version }, (name) => mayUseModel(caller, name))
  const cancelAfter = c.req.header('cancel-after')
  return {
    caller,
    identifyAgain: () => context.callers.identify(c.req.header('authorization')),
    options,
    model: chosen,
    deadlineMs: deadlineMs(cancelAfter, deadlineLimits(chosen, context.deps.defaultDeadlineSeconds)),
    cancelAfter,
    asked: `${model ?? ''}@${version ?? ''}`,
    webhook: requestedWebhook(
      uploaded,
      parseWebhookFields(query.webhook_url, query.webhook_events),
      origin,
      context.deps.webhookUrls,
    ),
    watched: false,
    requestId: c.get('requestId'),
    traceparent: traceparentToPassOn(c.req.header('traceparent')),
    timings: c.get('timings'),
  }
}

/** How long the request wants to wait for the result. */
function waitMsOf({ respondAsync, waitSeconds }: Preference, { deps }: EdgeContext): number {
  return 1000 * (respondAsync ? 0 : (waitSeconds ?? deps.defaultWaitSeconds))
}

function sayHowAccepted(c: RequestContext, { rate, outcome, cacheable }: Submitted): void {
  sayRate(c, rate)
  const cache = { hit: 'hit', joined: 'join', queued: 'miss', exists: 'miss', replayed: undefined }[outcome]
  if (cacheable && cache) c.header('x-cache', cache)
}
