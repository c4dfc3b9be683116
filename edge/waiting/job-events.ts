import type { JobLook } from '../../shared/job-queue.ts'
import { isTerminal, type JobStatus } from '../../shared/job-state.ts'
import { type Looks, lookAtJob } from './look-at-job.ts'

/** One event of a job. `id` grows with its state, so that who comes back with the last one is not told it again. */
export interface JobEvent {
  id: number
  look: JobLook
}

/** Looks of one stream: a Worker has a bounded number of requests to others. Then the stream ends, and the client comes back. */
export const MAX_LOOKS = 40

const NUMBERS: Record<JobStatus, number> = {
  queued: 1,
  processing: 2,
  succeeded: 3,
  failed: 3,
  canceled: 3,
  expired: 3,
}

/**
 * What happens to a job until it ends: `queued` whenever its place has changed, `processing`, the end. `lastId`: of the last event that the
 * client has seen; a state that is older is not told. Ends early if the job vanishes, or after many looks. `first`: how it is now.
 */
export async function* jobEvents(first: JobLook, lastId: number, looks: Looks): AsyncGenerator<JobEvent> {
  let told = eventOf(first)
  if (told.id > lastId || (told.id === lastId && !isTerminal(first.job.status))) yield told
  if (isTerminal(first.job.status)) return
  let count = 0
  for await (const found of lookAtJob(looks)) {
    if (!found) return
    if (!(found instanceof Error)) {
      const event = eventOf(found)
      const moved = event.id === 1 && found.position !== null && found.position !== told.look.position
      if (event.id > told.id || (event.id === told.id && moved)) {
        told = event
        yield event
      }
    }
    count++
    if (count === MAX_LOOKS) return
  }
}

function eventOf(look: JobLook): JobEvent {
  return { id: NUMBERS[look.job.status], look }
}

/** `Last-Event-ID`; what is none of ours is as if there were none. */
export function parseLastEventId(header: string | undefined): number {
  return /^[123]$/.test(header ?? '') ? Number(header) : 0
}

/** Whether who has seen this event of a job that ended has seen all. */
export function hasSeenAll(look: JobLook, lastId: number): boolean {
  return isTerminal(look.job.status) && lastId >= eventOf(look).id
}
