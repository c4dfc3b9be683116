import type { Job } from '../../shared/job.ts'
import { parseToldJob } from '../../shared/job.ts'
import type { JobLook } from '../../shared/job-queue.ts'
import type { EdgeContext } from '../edge-context.ts'
import type { Looks } from './look-at-job.ts'

export interface JobToLookAt {
  id: string
  model: string
}

/** How a job of this edge is looked at: by reads that cost little, but for the last, which also tells its place; so does each with `everyStep`. `watched`: its end is told already. */
export function looksAt(
  { deps }: EdgeContext,
  { id, model }: JobToLookAt,
  { everyStep = false, watched = false }: { everyStep?: boolean; watched?: boolean } = {},
): Pick<Looks, 'look' | 'push' | 'everyStep' | 'clock' | 'random' | 'stopping'> {
  const { queue, push, clock, random, stopping } = deps
  return {
    look: async (last) => (last || everyStep ? queue.look(id) : placeless(await queue.read(id))),
    push: push && {
      open: () => push.open(queue.channelOf({ id, model })),
      watch: async () => (watched ? placeless(await queue.read(id)) : queue.look(id, { watch: true })),
      read: (message) => placeless(parseToldJob(id, model, message)),
    },
    everyStep,
    clock,
    random,
    stopping,
  }
}

function placeless(job: Job | undefined): JobLook | undefined {
  return job && { job, position: null }
}
