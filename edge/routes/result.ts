import { ProblemError } from '../../shared/errors.ts'
import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { parseEncodingFormat } from '../encoding-format.ts'
import { answerWithJob } from '../job-answer.ts'
import { allowOnly } from '../method-not-allowed.ts'
import { MAX_WAIT_SECONDS } from '../prefer-header.ts'
import { waitForResult } from '../wait-for-result.ts'

/** GET /result/:id: the job as it is, or as it is after at most `?wait=` seconds. */
export function resultRoutes(app: EdgeApp, { deps, serviceTimes }: EdgeContext): void {
  app.get('/result/:id', async (c) => {
    const id = c.req.param('id')
    const encoding = parseEncodingFormat(c.req.query('encoding_format'))
    const job = await waitForResult({
      accepted: undefined,
      read: () => deps.queue.read(id),
      waitMs: parseWait(c.req.query('wait')) * 1000,
      expectedMs: 0,
      clock: deps.clock,
      random: deps.random,
      signal: c.req.raw.signal,
      stopping: deps.stopping,
    })
    if (!job)
      throw new ProblemError('job-not-found', 'The id is wrong, or the result was kept as long as promised.')
    serviceTimes.observe(job)
    return answerWithJob(c, job, encoding)
  })
  allowOnly(app, '/result/:id')
}

function parseWait(wait: string | undefined): number {
  if (wait === undefined) return 0
  if (/^\d{1,9}$/.test(wait)) return Math.min(Number(wait), MAX_WAIT_SECONDS)
  throw new ProblemError('invalid-request', '?wait= takes whole seconds.')
}
