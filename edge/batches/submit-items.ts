import { PROBLEMS, type ProblemCode, ProblemError } from '../../shared/errors.ts'
import type { Job } from '../../shared/job.ts'
import { RedisUnreachableError } from '../../shared/redis-commands.ts'
import { asProblem } from '../problem.ts'
import { fewAtATime } from './few-at-a-time.ts'

/** What became of one image of a call: its job, or why it has none. */
export type ItemOutcome = { job: Job } | { problem: ProblemError }

/** Statuses that say something of the call or of the service, not of an image. */
const STATUSES_OF_CALLS: ReadonlySet<number> = new Set([401, 403, 409, 429, 503])
const CODES_OF_CALLS: ReadonlySet<ProblemCode> = new Set(['body-too-large'])

/**
 * Submits the images of a call, few at a time, each for itself: outcomes in their order. One that could not even be read comes as its
 * problem. Once Redis could not be reached for one, it is asked for no others: each would take as long to fail. Where none became a job,
 * throws a problem of the call that one of them met: nothing was stored then.
 */
export async function submitItems(
  photos: readonly (Uint8Array | ProblemError)[],
  submit: (photo: Uint8Array) => Promise<Job>,
): Promise<ItemOutcome[]> {
  const outcomes: ItemOutcome[] = []
  let away: ItemOutcome | undefined
  await fewAtATime(photos, async (photo, i) => {
    const outcome = away && !(photo instanceof ProblemError) ? away : await outcomeOf(photo, submit)
    if ('problem' in outcome && isAway(outcome.problem)) away = outcome
    outcomes[i] = outcome
  })
  const ofCall = problemOfCall(outcomes)
  if (ofCall) throw ofCall
  return outcomes
}

async function outcomeOf(
  photo: Uint8Array | ProblemError,
  submit: (photo: Uint8Array) => Promise<Job>,
): Promise<ItemOutcome> {
  if (photo instanceof ProblemError) return { problem: photo }
  try {
    return { job: await submit(photo) }
  } catch (error) {
    return { problem: asProblem(error) }
  }
}

/** Whether a problem is that Redis did not answer, rather than what it answered. */
export function isAway({ cause }: ProblemError): boolean {
  return cause instanceof RedisUnreachableError
}

/** Where nothing became a job, the first problem that is the call's: what the images have beside it matters only once that is mended. */
function problemOfCall(outcomes: readonly ItemOutcome[]): ProblemError | undefined {
  const problems = outcomes.flatMap((outcome) => ('problem' in outcome ? [outcome.problem] : []))
  if (problems.length < outcomes.length) return undefined
  return problems.find(({ code }) => STATUSES_OF_CALLS.has(PROBLEMS[code].status) || CODES_OF_CALLS.has(code))
}
