import type { Context } from 'hono'
import type { EncodingFormat, Job } from '../shared/job.ts'
import { isTerminal } from '../shared/job-state.ts'
import { toPublicJob } from '../shared/public-job.ts'

/** Seconds after which a pending job is worth asking for again. */
const RETRY_AFTER_SECONDS = 1

/** 200 with a terminal job, 202 with a pending one and where to ask for it. */
export function answerWithJob(
  c: Context,
  job: Job,
  encoding: EncodingFormat,
  queuePosition?: number,
): Response {
  const { origin } = new URL(c.req.url)
  const body = toPublicJob(job, {
    origin,
    encoding,
    outlook: { position: queuePosition ?? null, etaSeconds: null },
  })
  c.header('cache-control', 'no-store')
  if (isTerminal(job.status)) return c.json(body, 200)
  c.header('location', `/result/${job.id}`)
  c.header('retry-after', String(RETRY_AFTER_SECONDS))
  return c.json(body, 202)
}
