import type { Context } from 'hono'
import { maySeeJob, ownerOf } from '../../shared/api-key.ts'
import type { Batch, BatchIdempotency } from '../../shared/batch.ts'
import { ProblemError } from '../../shared/errors.ts'
import type { EncodingFormat } from '../../shared/job.ts'
import type { RateState } from '../../shared/job-queue.ts'
import { isTerminal } from '../../shared/job-state.ts'
import { hasEnded } from '../../shared/public-batch.ts'
import { sha256Hex } from '../../shared/sha256.ts'
import { answerWithBatch, answerWithBatchEvents, looksAtBatch } from '../batches/batch-answer.ts'
import { createBatch } from '../batches/create-batch.ts'
import { fewAtATime } from '../batches/few-at-a-time.ts'
import { waitForBatch } from '../batches/look-at-batch.ts'
import type { EdgeContext, EdgeEnvironment } from '../edge-context.ts'
import { wantsEvents } from '../job-answer.ts'
import { logOwnFailure } from '../problem.ts'
import { sayRate } from '../rate-headers.ts'
import { idempotencyCheck } from '../submission/idempotency-key.ts'
import { type Submission, submit } from '../submission/submit.ts'

type RequestContext = Context<EdgeEnvironment>

/** Makes a batch of the images of a POST /predict. Throws ProblemError. */
export async function submitBatch(
  c: RequestContext,
  context: EdgeContext,
  photos: readonly (Uint8Array | ProblemError)[],
  submission: Submission,
): Promise<Batch> {
  const ofItems = { ...submission, options: { ...submission.options, idempotencyKey: undefined } }
  let rate: RateState | undefined
  const batch = await createBatch(context.deps.batches, {
    model: submission.model.name,
    modelVersion: submission.model.version,
    owner: ownerOf(submission.caller),
    photos,
    submit: async (photo) => {
      const submitted = await submit(context, photo, ofItems)
      // Answers come in any order: what is left is the least of what they say.
      if (submitted.rate && submitted.rate.remaining <= (rate?.remaining ?? Infinity)) rate = submitted.rate
      return submitted.job
    },
    cancel: (job) => context.deps.queue.cancel(job),
    idempotency: await idempotencyOf(photos, submission),
    onRefusal: (problem) => logOwnFailure(c, context.deps, problem),
  })
  sayRate(c, rate)
  return batch
}

/** The answer to a call for a batch, when it has ended, or after at most `waitMs`. `submitted`: how many images the call has handed in. */
export async function answerWhenEnded(
  c: RequestContext,
  context: EdgeContext,
  batch: Batch,
  { waitMs, encoding, submitted }: { waitMs: number; encoding: EncodingFormat; submitted: number },
): Promise<Response> {
  if (wantsEvents(c)) return answerWithBatchEvents(c, context, batch, { encoding, submitted })
  const looks = { ...looksAtBatch(context, batch, submitted), waitMs, signal: c.req.raw.signal }
  const found = await c.get('timings').measure('wait', () => waitForBatch(batch, looks))
  return answerWithBatch(c, context, found, encoding)
}

/** GET /result/:id of a batch: as it is, as it is after at most `waitMs`, or as a stream of events. */
export async function answerKnownBatch(
  c: RequestContext,
  context: EdgeContext,
  id: string,
  request: { waitMs: number; encoding: EncodingFormat },
): Promise<Response> {
  const batch = await batchFor(c, context, id)
  const seenAll = Number(c.req.header('last-event-id')) >= batch.items.length
  if (wantsEvents(c) && hasEnded(batch) && seenAll) return c.body(null, 204)
  return answerWhenEnded(c, context, batch, { ...request, submitted: 0 })
}

/** Cancels all jobs of a batch that have not ended; the batch after that. */
export async function cancelBatch(
  c: RequestContext,
  context: EdgeContext,
  id: string,
  encoding: EncodingFormat,
): Promise<Response> {
  const { items } = await batchFor(c, context, id)
  const jobs = items.flatMap((item) => ('job' in item && item.job ? [item.job] : []))
  const pending = jobs.filter(({ status }) => !isTerminal(status))
  await fewAtATime(pending, async (job) => void (await context.deps.queue.cancel(job)))
  return answerWithBatch(c, context, await batchFor(c, context, id), encoding)
}

/** Throws ProblemError if it is not there any more, or for this caller was never there. */
async function batchFor(c: RequestContext, { deps }: EdgeContext, id: string): Promise<Batch> {
  const batch = await deps.batches.read(id)
  if (!batch || !maySeeJob(c.get('caller'), batch.owner))
    throw new ProblemError('job-not-found', 'The id is wrong, or the batch is long gone.')
  const isKept = batch.items.some((item) => 'error' in item || item.job)
  if (isKept) return batch
  throw new ProblemError(
    'result-expired',
    'Results are kept for a while only: store what you need on your side.',
  )
}

/** The fingerprint stands for all that the call asks for; images that could not be read have none, and their problem stands for them. */
async function idempotencyOf(
  photos: readonly (Uint8Array | ProblemError)[],
  submission: Submission,
): Promise<BatchIdempotency | undefined> {
  const { idempotencyKey } = submission.options
  if (idempotencyKey === undefined) return undefined
  const digests = await Promise.all(
    photos.map((photo) => (photo instanceof ProblemError ? photo.message : sha256Hex(photo))),
  )
  return idempotencyCheck(idempotencyKey, digests, submission)
}
