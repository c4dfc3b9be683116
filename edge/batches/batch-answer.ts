import type { Context } from 'hono'
import type { Batch } from '../../shared/batch.ts'
import type { EncodingFormat } from '../../shared/job.ts'
import { hasEnded, type PublicBatch, toPublicBatch } from '../../shared/public-batch.ts'
import type { EdgeContext, EdgeEnvironment } from '../edge-context.ts'
import { eventStreamResponse, type ServerSentEvent } from '../event-stream.ts'
import { retryAfterOutlook } from '../outlook.ts'
import { batchOutlook } from './batch-outlook.ts'
import { type BatchLooks, lookAtBatch } from './look-at-batch.ts'

type RequestContext = Context<EdgeEnvironment>

/** Requests of one call to Redis, of the 50 that a Worker may have; some are left for the key, the models, and the batch's record. */
const MAX_REQUESTS = 42
/** However many were made for its images: where MAX_IMAGES_PER_CALL is above the default, there are more than 50 to be had. */
const LEAST_REQUESTS = 10
/** A stream outlives the deadlines of its jobs by this: then they are expired for every reader. */
const DEADLINE_MARGIN_MS = 1_000

/** 200 with a batch that has ended, 202 with a pending one, where its jobs stand, and where and when to ask for it. */
export async function answerWithBatch(
  c: RequestContext,
  context: EdgeContext,
  batch: Batch,
  encoding: EncodingFormat,
): Promise<Response> {
  c.header('cache-control', 'no-store')
  if (hasEnded(batch)) return c.json(viewOf(c, batch, encoding), 200)
  const outlook = await batchOutlook(context, batch)
  const body = toPublicBatch(batch, { origin: c.get('origin'), encoding, outlook })
  const etas = body.items.map(({ job }) => job?.eta_seconds ?? 0)
  c.header('location', `/result/${batch.id}`)
  c.header('retry-after', String(retryAfterOutlook({ position: null, etaSeconds: Math.max(...etas) })))
  return c.json(body, 202)
}

/**
 * What happens to a batch from now on: an event whenever its counts have changed, the last one when it has ended. Ends before that when there
 * were many looks; the client comes back.
 */
export function answerWithBatchEvents(
  c: RequestContext,
  context: EdgeContext,
  batch: Batch,
  { encoding, submitted }: { encoding: EncodingFormat; submitted: number },
): Response {
  const gone = new AbortController()
  c.req.raw.signal?.addEventListener('abort', () => gone.abort())
  const looks = {
    ...looksAtBatch(context, batch, submitted),
    waitMs: longestMs(batch) + DEADLINE_MARGIN_MS,
    signal: gone.signal,
  }
  const events = batchEvents(batch, looks, (found) => viewOf(c, found, encoding))
  c.header('location', `/result/${batch.id}`)
  return eventStreamResponse(events, gone, context.deps.clock, new Headers(c.res.headers))
}

/** How a batch of this edge is looked at. `submitted`: images that the same call has handed in. */
export function looksAtBatch(
  { deps, serviceTimes }: EdgeContext,
  { id, model }: Batch,
  submitted: number,
): Omit<BatchLooks, 'waitMs' | 'signal'> {
  const { batches, clock, random, stopping } = deps
  const maxRequests = Math.max(LEAST_REQUESTS, MAX_REQUESTS - submitted)
  const expectedMs = serviceTimes.expectedMs(model)
  return { read: () => batches.read(id), maxRequests, expectedMs, clock, random, stopping }
}

async function* batchEvents(
  first: Batch,
  looks: BatchLooks,
  view: (batch: Batch) => PublicBatch,
): AsyncGenerator<ServerSentEvent> {
  let told = eventOf(view(first))
  yield told.event
  if (hasEnded(first)) return
  for await (const found of lookAtBatch(looks)) {
    const next = eventOf(view(found))
    if (next.counts !== told.counts) {
      told = next
      yield told.event
    }
  }
}

/** The id is how many images have ended: it grows. */
function eventOf(body: PublicBatch): { counts: string; event: ServerSentEvent } {
  const { total, queued, processing } = body.counts
  const id = String(total - queued - processing)
  return {
    counts: JSON.stringify(body.counts),
    event: { event: body.status, id, data: JSON.stringify(body) },
  }
}

function viewOf(c: RequestContext, batch: Batch, encoding: EncodingFormat): PublicBatch {
  return toPublicBatch(batch, { origin: c.get('origin'), encoding })
}

function longestMs({ items }: Batch): number {
  return Math.max(
    0,
    ...items.map((item) => ('job' in item && item.job ? item.job.deadline - item.job.created_at : 0)),
  )
}
