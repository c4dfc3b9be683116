import { setTimeout as sleep } from 'node:timers/promises'
import { isTerminal } from '../../shared/job-state.ts'
import type { PublicBatch } from '../../shared/public-batch.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { expectKnown, expectThat } from './answers.ts'
import { CallFailure } from './call-failure.ts'
import type { EdgeAnswer, EdgeClient } from './edge-client.ts'
import type { JobLedger } from './job-ledger.ts'

/** Looks that meet a Redis or an edge that refuses, before the job is given up. */
const MAX_REFUSED_LOOKS = 10

export interface Followed {
  edge: EdgeClient
  ledger: JobLedger
}

/** The job of an answer, once it has ended. `pause` is what lies between two looks. Throws CallFailure. */
export async function followJob(
  { edge, ledger }: Followed,
  first: EdgeAnswer,
  { path, pause }: { path: (id: string) => string; pause: (answer: EdgeAnswer) => Promise<void> },
): Promise<PublicJob> {
  let answer = first
  for (;;) {
    const job = expectKnown<PublicJob>(answer, 200, 202)
    ledger.seen(job)
    expectThat(
      (answer.status === 200) === isTerminal(job.status),
      `${answer.status} with a ${job.status} job`,
    )
    if (answer.status === 200) return job
    await pause(answer)
    answer = await lookAgain(edge, path(job.id))
  }
}

/** Asks at once, and has the edge wait. */
export const LONG_POLLS = {
  path: (id: string) => `/result/${id}?wait=30`,
  pause: async () => {},
}

/** Asks when it is told to. */
export const POLLS = {
  path: (id: string) => `/result/${id}`,
  pause: async (answer: EdgeAnswer) => {
    const seconds = Number(answer.header('retry-after'))
    expectThat(seconds > 0, 'a pending job without Retry-After')
    await sleep(1000 * seconds)
  },
}

/** The batch of an answer, once each image has its result or will have none. Throws CallFailure. */
export async function followBatch({ edge, ledger }: Followed, first: EdgeAnswer): Promise<PublicBatch> {
  let answer = first
  for (;;) {
    const batch = expectKnown<PublicBatch>(answer, 200, 202)
    for (const { job } of batch.items) if (job) ledger.seen(job)
    if (answer.status === 200) return batch
    answer = await lookAgain(edge, `/result/${batch.id}?wait=30`)
  }
}

/** A look that is refused loses nothing: it is made again when Retry-After is over. */
async function lookAgain(edge: EdgeClient, path: string): Promise<EdgeAnswer> {
  for (let refused = 0; ; refused++) {
    const answer = await edge.send({ method: 'GET', path })
    if (answer.status !== 503 && answer.status !== 429) return answer
    if (refused >= MAX_REFUSED_LOOKS) throw new CallFailure('lost', 'looks at a job are refused')
    await sleep(1000 * Number(answer.header('retry-after') ?? 1))
  }
}
