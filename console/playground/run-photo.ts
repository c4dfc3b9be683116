import pLimit from 'p-limit'
import { EdgebatchError } from '../../client/edgebatch-error.ts'
import { hasEnded } from '../../client/job-status.ts'
import { pauseBeforeRetry } from '../../client/retry-policy.ts'
import { systemClock } from '../../shared/clock.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { problemOf } from '../session/problem.ts'
import { followedJob, lookAgainMs } from './followed-job.ts'
import { JobFollower } from './job-follower.ts'
import type { Photo } from './photo.ts'
import { clientFor, type Run } from './run.ts'
import { parseServerTiming } from './server-timing.ts'
import { uploadFetch } from './upload-fetch.ts'

/** Without HTTP/2 a browser opens six connections to a host: one is left for what else there is to ask, such as jobs without a stream. */
const UPLOADS = 2
const STREAMS = 3
/** How often a photo is sent again that was refused for a passing reason. */
const MAX_REFUSALS = 20

const uploading = pLimit(UPLOADS)
const following = new JobFollower(STREAMS, systemClock)

/** Sends a photo and follows its job to the end. Never throws: what goes wrong is told as a change. */
export async function runPhoto(photo: Photo, run: Run): Promise<void> {
  const { signal, onChange } = run
  let accepted: Accepted | undefined
  const begun = performance.now()
  const changed = (now: PublicJob) => {
    const ended = hasEnded(now.status) ? { tookMs: performance.now() - begun } : {}
    onChange({ job: now, state: now.status, reconnecting: false, problem: undefined, ...ended })
  }
  try {
    accepted = await uploading(() => submitted(photo, run))
    const { job, firstLookMs } = accepted
    changed(job)
    if (!hasEnded(job.status)) await following.follow(followedJob(job.id, firstLookMs, changed, run))
  } catch (error) {
    // What was canceled has been told of by who canceled it.
    if (signal.aborted) return
    onChange({ state: accepted ? 'lost' : 'refused', problem: problemOf(error), reconnecting: false })
  }
}

/** What was lost sight of is looked at again. */
export async function followAgain(job: PublicJob, run: Run): Promise<void> {
  const { onChange, signal } = run
  try {
    onChange({ state: job.status, problem: undefined, reconnecting: true })
    const changed = (now: PublicJob) => onChange({ job: now, state: now.status, reconnecting: false })
    await following.follow(followedJob(job.id, 0, changed, run))
  } catch (error) {
    if (!signal.aborted) onChange({ state: 'lost', problem: problemOf(error), reconnecting: false })
  }
}

/** The job after it was canceled. Throws EdgebatchError. */
export function cancelJob(job: PublicJob, run: Pick<Run, 'baseUrl' | 'apiKey'>): Promise<PublicJob> {
  return clientFor(run).cancel(job.id)
}

interface Accepted {
  job: PublicJob
  /** When its job is worth a look, in ms. */
  firstLookMs: number
}

/** Accepted; where it is refused for a passing reason, as soon as that has passed. Throws EdgebatchError, or the signal's reason. */
async function submitted(photo: Photo, run: Run): Promise<Accepted> {
  const { onChange, signal } = run
  signal.throwIfAborted()
  const upload = uploadFetch((sent) => onChange({ sent }))
  let retryAfter: string | null = null
  const client = clientFor(run, {
    maxRetries: 0,
    fetch: async (url, init) => {
      const response = await upload(url, init)
      retryAfter = response.headers.get('retry-after')
      const cache = response.headers.get('x-cache') as Photo['cache'] | null
      onChange({
        serverTiming: parseServerTiming(response.headers.get('server-timing')),
        cache: cache ?? undefined,
      })
      return response
    },
  })
  const [model, version] = photo.model?.split('@') ?? []
  const options = { ...(model && { model }), ...(version && { version }), idempotencyKey: newKey(), signal }
  for (let refusals = 1; ; refusals++) {
    onChange({ state: 'uploading', sent: 0, problem: undefined, retryAt: undefined })
    try {
      const job = await client.submit(photo.file, options)
      return { job, firstLookMs: lookAgainMs(retryAfter) }
    } catch (error) {
      if (!(error instanceof EdgebatchError) || refusals > MAX_REFUSALS) throw error
      const pauseMs = pauseBeforeRetry(error, refusals, Math.random())
      if (pauseMs === undefined) throw error
      onChange({ state: 'held', problem: problemOf(error), retryAt: Date.now() + pauseMs })
      await systemClock.sleep(pauseMs, signal)
      signal.throwIfAborted()
    }
  }
}

/** One for a photo: however often it is sent, there is one job. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
