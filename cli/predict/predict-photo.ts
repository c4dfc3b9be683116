import type { EdgebatchClient } from '../../client/edgebatch-client.ts'
import { EdgebatchError, EdgebatchTimeoutError, type ErrorCode } from '../../client/edgebatch-error.ts'
import type { OnRetry } from '../../client/options.ts'
import type { Clock } from '../../shared/clock.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { reasonOf, UserError } from '../user-error.ts'
import { NOT_IN_TIME, type Outcome } from './outcome.ts'
import type { PhotoSource } from './photo-sources.ts'
import { type Asked, idempotencyKey, questionKey } from './question.ts'
import type { ResultsFile } from './results-file.ts'
import type { SubmissionPace } from './submission-pace.ts'

export interface PhotoRun {
  client: EdgebatchClient
  asked: Asked
  /** Hand in, and do not wait. */
  isAsync: boolean
  /** How long a photo may take from its turn on; undefined for as long as it takes. */
  waitMs: number | undefined
  /** Another in each run that is to have no earlier one's jobs; undefined where it may. */
  anew: string | undefined
  results: ResultsFile | undefined
  pace: SubmissionPace
  /** Told of each pause that a refusal asks for. */
  onRetry: OnRetry
  clock: Clock
  signal: AbortSignal
}

/** What concerns one photo; any other refusal concerns them all, and ends the run. */
const OF_ONE_PHOTO: readonly ErrorCode[] = [
  ...(['missing-image', 'empty-image', 'body-too-large', 'image-too-large', 'unsupported-image'] as const),
  ...(['undecodable-image', 'upload-too-slow', 'internal-error'] as const),
]
/** Refusals that say when to come back, and mean it. */
const COME_BACK: readonly ErrorCode[] = ['rate-limited', 'queue-full', 'edge-busy']

/** Undefined where an earlier run has its result. Throws EdgebatchError for what concerns all photos, and the signal's reason. */
export async function predictPhoto(photo: PhotoSource, run: PhotoRun): Promise<Outcome | undefined> {
  const { file } = photo
  let bytes: Uint8Array
  try {
    bytes = await photo.read()
  } catch (error) {
    run.signal.throwIfAborted()
    if (error instanceof UserError) throw error
    return refused(file, null, { code: 'unreadable-file', detail: `cannot be read: ${reasonOf(error)}` })
  }
  const key = questionKey(bytes, run.asked)
  if (run.results?.hasResult(file, key)) return undefined
  try {
    const job = (await pendingJob(key, run)) ?? (await newJob(key, bytes, run))
    return { file, key, job, error: null }
  } catch (error) {
    if (error instanceof EdgebatchTimeoutError) return await late(file, key, error, run)
    if (!(error instanceof EdgebatchError && OF_ONE_PHOTO.includes(error.code))) throw error
    return refused(file, key, error)
  }
}

/** The job that an earlier run has made and not seen the end of; undefined if there is none, or nobody knows it any more. */
async function pendingJob(
  key: string,
  { results, client, ...run }: PhotoRun,
): Promise<PublicJob | undefined> {
  const id = results?.pendingJob(key)
  if (id === undefined) return undefined
  try {
    return await (run.isAsync ? client.result(id, run) : client.wait(id, waiting(run.waitMs, run.signal)))
  } catch (error) {
    if (error instanceof EdgebatchError && ['job-not-found', 'result-expired'].includes(error.code))
      return undefined
    throw error
  }
}

async function newJob(key: string, bytes: Uint8Array, run: PhotoRun): Promise<PublicJob> {
  const { client, asked, clock, signal, pace, waitMs } = run
  const begun = clock.now()
  const remainingMs = () => waitMs && Math.max(1, begun + waitMs - clock.now())
  for (let round = run.results?.rounds(key) ?? 0; ; ) {
    await pace.turn(signal)
    const options = {
      ...(asked.model && { model: asked.model }),
      ...(asked.priority && { priority: asked.priority }),
      idempotencyKey: idempotencyKey(key, run.anew ?? round),
      noStore: run.anew !== undefined,
      ...waiting(remainingMs(), signal),
    }
    try {
      return await (run.isAsync ? client.submit(bytes, options) : client.predict(bytes, options))
    } catch (error) {
      if (!(error instanceof EdgebatchError)) throw error
      // It was answered, so long ago that the answer is gone.
      if (error.code === 'result-expired') round++
      else if (COME_BACK.includes(error.code)) await comeBack(error, remainingMs(), run)
      else throw error
    }
  }
}

/** Who says to stay away for longer is not waited for: no job lives so long. */
const LONGEST_PAUSE_SECONDS = 86_400

/** Waits for as long as the answer says, and at least for a second: the client does so for a minute at most, and only a few times. */
async function comeBack(
  error: EdgebatchError,
  remainingMs: number | undefined,
  { clock, signal, onRetry }: PhotoRun,
): Promise<void> {
  const seconds = Math.max(1, error.retryAfterSeconds ?? 1)
  if (seconds > LONGEST_PAUSE_SECONDS) throw error
  const pauseMs = 1000 * seconds
  if (remainingMs !== undefined && pauseMs >= remainingMs) throw new EdgebatchTimeoutError(undefined)
  onRetry(error, pauseMs)
  await clock.sleep(pauseMs, signal)
  signal.throwIfAborted()
}

/** A photo whose time is up: the job as it is, if there is one. */
async function late(
  file: string,
  key: string,
  { jobId }: EdgebatchTimeoutError,
  { client, signal }: PhotoRun,
): Promise<Outcome> {
  if (jobId !== undefined) return { file, key, job: await client.result(jobId, { signal }), error: null }
  return refused(file, key, {
    code: NOT_IN_TIME,
    detail: 'was not accepted within --wait; try again later',
  })
}

function refused(
  file: string,
  key: string | null,
  { code, detail }: { code: string; detail: string },
): Outcome {
  return { file, key, job: null, error: { code, detail } }
}

function waiting(timeoutMs: number | undefined, signal: AbortSignal) {
  return { signal, ...(timeoutMs !== undefined && { timeoutMs }) }
}
