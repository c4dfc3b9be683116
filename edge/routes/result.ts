import type { Context } from 'hono'
import { maySeeJob } from '../../shared/api-key.ts'
import { ProblemError } from '../../shared/errors.ts'
import { isBatchId } from '../../shared/job-id.ts'
import type { JobLook } from '../../shared/job-queue.ts'
import { isTerminal } from '../../shared/job-state.ts'
import type { EdgeApp, EdgeContext, EdgeEnvironment } from '../edge-context.ts'
import { parseEncodingFormat } from '../encoding-format.ts'
import { answerWithEvents, answerWithJob, wantsEvents } from '../job-answer.ts'
import { allowOnly } from '../method-not-allowed.ts'
import { MAX_WAIT_SECONDS } from '../prefer-header.ts'
import { hasSeenAll, parseLastEventId } from '../waiting/job-events.ts'
import { looksAt } from '../waiting/job-looks.ts'
import { waitForResult } from '../waiting/wait-for-result.ts'
import { answerKnownBatch, cancelBatch } from './batch.ts'

/**
 * GET /result/:id: the job as it is, as it is after at most `?wait=` seconds, or what happens to it as a stream of events.
 * POST /result/:id/cancel and DELETE /result/:id: the job after it was canceled.
 */
export function resultRoutes(app: EdgeApp, context: EdgeContext): void {
  app.get('/result/:id', async (c) => {
    const encoding = parseEncodingFormat(c.req.query('encoding_format'))
    const waitMs = parseWait(c.req.query('wait')) * 1000
    const id = c.req.param('id')
    if (isBatchId(id)) return answerKnownBatch(c, context, id, { waitMs, encoding })
    const look = await lookFor(c, context)
    if (wantsEvents(c)) {
      if (hasSeenAll(look, parseLastEventId(c.req.header('last-event-id')))) return c.body(null, 204)
      // How fast the pools are is told with a pending job; without it, the answer is still the answer.
      await context.models.list().catch(() => {})
      return answerWithEvents(c, context, look, encoding)
    }
    const found = await c.get('timings').measure('wait', () =>
      waitForResult({
        accepted: look,
        ...looksAt(context, look.job),
        waitMs,
        expectedMs: FIRST_LOOK_MS,
        signal: c.req.raw.signal,
      }),
    )
    if (!found) throw noSuchJob()
    if (!isTerminal(found.job.status)) await context.models.list().catch(() => {})
    return answerWithJob(c, context, found, encoding)
  })

  const cancel = async (c: Context<EdgeEnvironment, '/result/:id'>) => {
    const encoding = parseEncodingFormat(c.req.query('encoding_format'))
    const id = c.req.param('id')
    if (isBatchId(id)) return cancelBatch(c, context, id, encoding)
    const { job } = await lookFor(c, context)
    if ((await context.deps.queue.cancel(job)) === undefined) throw noSuchJob()
    return answerWithJob(c, context, await lookFor(c, context), encoding)
  }
  app.delete('/result/:id', cancel)
  app.post('/result/:id/cancel', cancel)
  allowOnly(app, '/result/:id')
  allowOnly(app, '/result/:id/cancel')
}

/** The job that a request names. Throws ProblemError if it is not there any more, or for this caller was never there. */
async function lookFor(c: Context<EdgeEnvironment, '/result/:id'>, { deps }: EdgeContext): Promise<JobLook> {
  const look = await deps.queue.look(c.req.param('id'))
  if (!look || !maySeeJob(c.get('caller'), look.job.owner)) throw noSuchJob()
  if (look.job.outlived)
    throw new ProblemError(
      'result-expired',
      'Results are kept for a while only: store what you need on your side.',
    )
  return look
}

function noSuchJob(): ProblemError {
  return new ProblemError('job-not-found', 'The id is wrong, or the job is long gone.')
}

/** When a job that is asked for again is looked at next: its result may come at any moment. */
const FIRST_LOOK_MS = 20

function parseWait(wait: string | undefined): number {
  if (wait === undefined) return 0
  if (/^\d{1,9}$/.test(wait)) return Math.min(Number(wait), MAX_WAIT_SECONDS)
  throw new ProblemError('invalid-request', '?wait= takes whole seconds.')
}
