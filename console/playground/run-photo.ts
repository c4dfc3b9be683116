import pLimit from 'p-limit'
import { EdgebatchClient } from '../../client/edgebatch-client.ts'
import { EdgebatchError } from '../../client/edgebatch-error.ts'
import { hasEnded } from '../../client/job-status.ts'
import { pauseBeforeRetry } from '../../client/retry-policy.ts'
import { systemClock } from '../../shared/clock.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { problemOf } from '../session/problem.ts'
import type { Photo } from './photo.ts'
import { parseServerTiming } from './server-timing.ts'
import { uploadFetch } from './upload-fetch.ts'

/** Without HTTP/2 a browser opens six connections to a host: one is left for what else there is to ask. */
const UPLOADS = 2
const STREAMS = 3
/** How often a photo is sent again that was refused for a passing reason. */
const MAX_REFUSALS = 20
/** Connections that told nothing new, until a job is given up as lost: about two minutes. */
const MAX_BREAKS = 12

const uploading = pLimit(UPLOADS)
const following = pLimit(STREAMS)

export interface Run {
  /** The service's address. */
  baseUrl: string
  /** Asked for once, when the photo's turn has come: what follows its job is for the same caller. */
  apiKey: () => string | undefined
  /** What has changed of the photo. */
  onChange: (change: Partial<Photo>) => void
  signal: AbortSignal
}

/** Sends a photo and follows its job to the end. Never throws: what goes wrong is told as a change. */
export async function runPhoto(photo: Photo, run: Run): Promise<void> {
  const { signal, onChange } = run
  let job: PublicJob | undefined
  const begun = performance.now()
  const changed = (now: PublicJob) => {
    const ended = hasEnded(now.status) ? { tookMs: performance.now() - begun } : {}
    onChange({ job: now, state: now.status, reconnecting: false, problem: undefined, ...ended })
  }
  try {
    const accepted = await uploading(() => submitted(photo, run))
    job = accepted
    changed(accepted)
    if (!hasEnded(accepted.status)) await following(() => follow(accepted.id, changed, run))
  } catch (error) {
    // What was canceled has been told of by who canceled it.
    if (signal.aborted) return
    onChange({ state: job ? 'lost' : 'refused', problem: problemOf(error), reconnecting: false })
  }
}

/** What was lost sight of is looked at again. */
export async function followAgain(job: PublicJob, run: Run): Promise<void> {
  const { onChange, signal } = run
  try {
    onChange({ state: job.status, problem: undefined, reconnecting: true })
    await following(() =>
      follow(job.id, (now) => onChange({ job: now, state: now.status, reconnecting: false }), run),
    )
  } catch (error) {
    if (!signal.aborted) onChange({ state: 'lost', problem: problemOf(error), reconnecting: false })
  }
}

/** The job after it was canceled. Throws EdgebatchError. */
export function cancelJob(
  job: PublicJob,
  { baseUrl, apiKey }: Pick<Run, 'baseUrl' | 'apiKey'>,
): Promise<PublicJob> {
  return new EdgebatchClient({ baseUrl, ...keyed(apiKey()) }).cancel(job.id)
}

/** Accepted; where it is refused for a passing reason, as soon as that has passed. Throws EdgebatchError, or the signal's reason. */
async function submitted(photo: Photo, { baseUrl, apiKey, onChange, signal }: Run): Promise<PublicJob> {
  signal.throwIfAborted()
  const upload = uploadFetch((sent) => onChange({ sent }))
  const client = new EdgebatchClient({
    baseUrl,
    ...keyed(apiKey()),
    maxRetries: 0,
    fetch: async (url, init) => {
      const response = await upload(url, init)
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
      return await client.submit(photo.file, options)
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

async function follow(
  id: string,
  changed: (job: PublicJob) => void,
  { baseUrl, apiKey, onChange, signal }: Run,
) {
  signal.throwIfAborted()
  const client = new EdgebatchClient({
    baseUrl,
    ...keyed(apiKey()),
    maxRetries: MAX_BREAKS,
    fetch: async (url, init) => {
      const response = await fetch(url, init).catch((error) => {
        if (!signal.aborted) onChange({ reconnecting: true })
        throw error
      })
      if (response.status >= 500) onChange({ reconnecting: true })
      return response
    },
  })
  for await (const { job } of client.events(id, { signal })) changed(job)
}

function keyed(apiKey: string | undefined): { apiKey: string } | undefined {
  return apiKey === undefined ? undefined : { apiKey }
}

/** One for a photo: however often it is sent, there is one job. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
