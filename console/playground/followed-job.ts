import { EdgebatchError } from '../../client/edgebatch-error.ts'
import { hasEnded } from '../../client/job-status.ts'
import { parseRetryAfter } from '../../client/retry-after.ts'
import { pauseBeforeRetry } from '../../client/retry-policy.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import type { FollowedJob } from './job-follower.ts'
import { clientFor, type Run } from './run.ts'

/** Connections that told nothing new, or looks without an answer, until a job is given up as lost: about two minutes. */
const MAX_BREAKS = 12
/** A look that is not answered for so long has none, ms: those at others wait for it. */
const LOOK_TIMEOUT_MS = 10_000
/** What an edge says at least, and at most. */
const SHORTEST_PAUSE_SECONDS = 1
const LONGEST_PAUSE_SECONDS = 60

/** A job of the service's. `changed`: told how it is, whenever that is learned. */
export function followedJob(
  id: string,
  firstLookMs: number,
  changed: (job: PublicJob) => void,
  run: Run,
): FollowedJob {
  const look = looks(id, changed, run)
  return { firstLookMs, look, stream: () => followStream(id, changed, run), signal: run.signal }
}

/** When a pending job is worth another look, in ms, as an answer says. */
export function lookAgainMs(retryAfter: string | null): number {
  const seconds = parseRetryAfter(retryAfter, Date.now()) ?? SHORTEST_PAUSE_SECONDS
  return 1_000 * Math.min(LONGEST_PAUSE_SECONDS, Math.max(SHORTEST_PAUSE_SECONDS, seconds))
}

async function followStream(id: string, changed: (job: PublicJob) => void, run: Run): Promise<void> {
  const { onChange, signal } = run
  signal.throwIfAborted()
  const client = clientFor(run, {
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

function looks(id: string, changed: (job: PublicJob) => void, run: Run): FollowedJob['look'] {
  let failures = 0
  let retryAfter: string | null = null
  const client = clientFor(run, {
    maxRetries: 0,
    fetch: async (url, init) => {
      const limit = AbortSignal.timeout(LOOK_TIMEOUT_MS)
      const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit
      const response = await fetch(url, { ...init, signal })
      retryAfter = response.headers.get('retry-after')
      return response
    },
  })
  return async (signal) => {
    try {
      const job = await client.result(id, { signal })
      // A stream may have begun to tell of what came later.
      signal.throwIfAborted()
      failures = 0
      changed(job)
      return hasEnded(job.status) ? undefined : lookAgainMs(retryAfter)
    } catch (error) {
      failures += 1
      if (!(error instanceof EdgebatchError) || failures > MAX_BREAKS) throw error
      const pauseMs = pauseBeforeRetry(error, failures, Math.random())
      if (pauseMs === undefined) throw error
      if (error.status === 0 || error.status >= 500) run.onChange({ reconnecting: true })
      return pauseMs
    }
  }
}
