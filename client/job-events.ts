import type { JobStatus } from '../shared/job-state.ts'
import type { PublicJob } from '../shared/public-job.ts'
import { EdgebatchError } from './edgebatch-error.ts'
import { streamedEvents } from './event-stream.ts'
import { type Http, unreachable } from './http.ts'
import { hasEnded } from './job-status.ts'

/** What happened to a job, and the job as it is then. `queued` comes again whenever its place has changed. */
export interface JobEvent {
  event: JobStatus
  job: PublicJob
}

/** The service says something every 15 seconds: a connection that is silent for longer than this is dead. */
const LONGEST_SILENCE_MS = 45_000
/** When to come back after a stream that has ended before the job. */
const RECONNECT_MS = 1_000

/**
 * What happens to a job until it ends. Comes back by itself where a connection breaks, and goes on where it was; gives up after `maxBreaks`
 * connections that brought nothing new. Over fetch rather than EventSource, which can send no API key.
 */
export async function* jobEvents(
  http: Http,
  id: string,
  maxBreaks: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEvent> {
  const silence = (broken: AbortSignal) => http.sleep(LONGEST_SILENCE_MS, broken)
  let lastId: string | undefined
  let lastEvent: JobStatus | undefined
  for (let breaks = 0; breaks <= maxBreaks; breaks++) {
    if (lastId !== undefined) await http.pause(RECONNECT_MS, signal)
    const request = {
      method: 'GET',
      path: `/result/${encodeURIComponent(id)}`,
      headers: { accept: 'text/event-stream', 'last-event-id': lastId },
      signal,
    } as const
    const response = await http.send(request, async (response) => response)
    if (response.status === 204 || !response.body) return
    try {
      for await (const streamed of streamedEvents(response.body, silence)) {
        const event = streamed.event as JobStatus
        lastId = streamed.id
        // Who comes back is told once more how the job is.
        if (event === lastEvent && event !== 'queued') continue
        lastEvent = event
        breaks = 0
        yield { event, job: parsed(streamed.data) }
        if (hasEnded(event)) return
      }
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof EdgebatchError) throw error
    }
    lastId ??= ''
  }
  throw unreachable(undefined)
}

function parsed(data: string): PublicJob {
  try {
    return JSON.parse(data) as PublicJob
  } catch (cause) {
    throw new EdgebatchError({
      code: 'unexpected-answer',
      detail: 'An event is no JSON.',
      status: 200,
      cause,
    })
  }
}
