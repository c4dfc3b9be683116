import type { History, RequestRecord } from './history.ts'
import { lostOf, secondEndsOf, wrongOf } from './job-checks.ts'
import type { KeyLeft } from './keys-left.ts'
import type { ChaosSettings } from './settings.ts'

export const OFFENCES = ['lost', 'second ends', 'wrong', 'second jobs', 'left behind'] as const
export type Offence = (typeof OFFENCES)[number]

/** What was found to be wrong, by its kind: one line each, in the order of the requests. All empty: all is well. */
export type Verdict = Record<Offence, string[]>

/** An answer without a job that leaves the caller where it was: the queue cannot take it now. */
const REFUSED = 503
/** To a call that is made again after the result's time. */
const OUTLIVED = 410

/**
 * Holds all that was seen in a run against what callers are promised.
 *
 * - lost: a job whose id a caller has, without an end; gone before its result's time; or expired although no job could take so long.
 * - second ends: an end that was told otherwise before, was taken back, or was told twice on its channel.
 * - wrong: an end that cannot be: another image's result, a failure of the model, canceled by nobody. Or an answer that is neither a
 *   job nor a refusal.
 * - second jobs: of one Idempotency-Key.
 * - left behind: keys that stay in Redis.
 */
export function judge(history: History, left: readonly KeyLeft[], settings: ChaosSettings): Verdict {
  const jobs = [...history.jobs.values()]
  return {
    lost: jobs.flatMap((job) => lostOf(job, settings)),
    'second ends': jobs.flatMap(secondEndsOf),
    wrong: [
      ...jobs.flatMap(wrongOf),
      ...sharedJobs(history.requests),
      ...history.requests.flatMap(wrongAnswers),
    ],
    'second jobs': history.requests.flatMap(secondJobs),
    'left behind': left.map(({ key, why }) => `${key}: ${why}`),
  }
}

export function idsOf({ calls }: RequestRecord): Set<string> {
  return new Set(calls.flatMap(({ id }) => (id === undefined ? [] : [id])))
}

function secondJobs(request: RequestRecord): string[] {
  const ids = idsOf(request)
  if (ids.size < 2) return []
  return [`request ${request.plan.number}: one Idempotency-Key, ${ids.size} jobs: ${[...ids].join(', ')}`]
}

/** Each call makes a job of its own, unless it has the key of another. */
function sharedJobs(requests: readonly RequestRecord[]): string[] {
  const owners = new Map<string, RequestRecord>()
  return requests.flatMap((request) =>
    [...idsOf(request)].flatMap((id) => {
      const owner = owners.get(id)
      owners.set(id, owner ?? request)
      return owner ? [`${id}: given to request ${owner.plan.number} and to ${request.plan.number}`] : []
    }),
  )
}

function wrongAnswers(request: RequestRecord): string[] {
  const accepted = idsOf(request).size > 0
  return request.calls.flatMap(({ id, status, code }) => {
    if (id !== undefined || status === null || status === REFUSED) return []
    if (status === OUTLIVED && accepted) return []
    return [`request ${request.plan.number}: answered ${status} ${code ?? ''}`]
  })
}
