import pLimit from 'p-limit'
import { hasSucceeded, isPending, type Outcome } from './outcome.ts'
import type { PhotoSource } from './photo-sources.ts'
import { type PhotoRun, predictPhoto } from './predict-photo.ts'

/** How many photos came to which end. */
export interface Tally {
  succeeded: number
  /** Photos that were not accepted in time, and jobs that had not ended when they were left. */
  pending: number
  /** Photos that were refused, and jobs that ended without a result. */
  failed: number
  /** Photos whose result an earlier run has. */
  earlier: number
}

/**
 * Each photo, so many at a time; `report` is called as they are done, one after the other. Ends early when the signal aborts. Throws what concerns
 * them all as soon as one is told so, when the others have been let go of.
 */
export async function predictPhotos(
  photos: readonly PhotoSource[],
  concurrency: number,
  run: PhotoRun,
  report: (outcome: Outcome | undefined, tally: Readonly<Tally>) => Promise<void>,
): Promise<Tally> {
  const tally: Tally = { succeeded: 0, pending: 0, failed: 0, earlier: 0 }
  const ending = new AbortController()
  const signal = AbortSignal.any([run.signal, ending.signal])
  const limit = pLimit(concurrency)
  let reported = Promise.resolve()
  const one = async (photo: PhotoSource) => {
    if (signal.aborted) return
    const outcome = await predictPhoto(photo, { ...run, signal })
    tally[endOf(outcome)]++
    reported = reported.then(() => report(outcome, tally))
    await reported
  }
  const failures: unknown[] = []
  const all = photos.map((photo) =>
    limit(one, photo).catch((error: unknown) => {
      // What others throw then, they throw because of this.
      if (!signal.aborted) failures.push(error)
      ending.abort(error)
    }),
  )
  await Promise.all(all)
  if (failures.length > 0 && !run.signal.aborted) throw failures[0]
  return tally
}

function endOf(outcome: Outcome | undefined): keyof Tally {
  if (!outcome) return 'earlier'
  if (hasSucceeded(outcome)) return 'succeeded'
  return isPending(outcome) ? 'pending' : 'failed'
}
