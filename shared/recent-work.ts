import * as z from 'zod'
import { BATCH_SIZE_BOUNDS, BucketCounts, DURATION_BOUNDS_MS } from './bucket-counts.ts'

/** What was done lately of one version: by one pool, or by several added up. */
export interface RecentWork {
  /** Jobs that ended here, well or not. */
  settled: number
  /** From acceptance to the claim, ms, one a job that ended. */
  queue: BucketCounts
  /** Of the run that the job was in, ms. */
  predict: BucketCounts
  /** From acceptance to settlement, ms. */
  total: BucketCounts
  /** Images of each run. */
  batchSizes: BucketCounts
  /** Jobs that ended without a result, by error code. */
  failures: Record<string, number>
}

/** Pools tell of about so long, ms; one that has not been there for it, of as long as it has. */
export const RECENT_WORK_MS = 60_000

export function noWork(): RecentWork {
  return {
    settled: 0,
    ...{ queue: durations(), predict: durations(), total: durations() },
    batchSizes: new BucketCounts(BATCH_SIZE_BOUNDS),
    failures: {},
  }
}

/** Adds `other` to `work`. */
export function addWork(work: RecentWork, other: RecentWork): void {
  work.settled += other.settled
  for (const part of ['queue', 'predict', 'total', 'batchSizes'] as const) work[part].merge(other[part])
  for (const [code, count] of Object.entries(other.failures))
    work.failures[code] = (work.failures[code] ?? 0) + count
}

/** All of them added up. */
export function sumOfWork(works: Iterable<RecentWork>): RecentWork {
  const sum = noWork()
  for (const work of works) addWork(sum, work)
  return sum
}

/** As it stands in Redis: some 150 characters, and less than a thousand for as much as a pool can do in a minute. */
export function encodeWork({ settled, queue, predict, total, batchSizes, failures }: RecentWork) {
  return {
    n: settled,
    ...{ q: queue.encode(), p: predict.encode(), t: total.encode(), b: batchSizes.encode() },
    ...(Object.keys(failures).length > 0 && { f: failures }),
  }
}

const duration = counts(DURATION_BOUNDS_MS)
const countSchema = z.int().nonnegative()
/** What `encodeWork` gave; what cannot be read of it is as if it had not been counted. */
export const encodedWorkSchema = z
  .object({
    n: countSchema,
    ...{ q: duration, p: duration, t: duration, b: counts(BATCH_SIZE_BOUNDS) },
    f: z.record(z.string(), countSchema).catch({}),
  })
  .transform(
    ({ n, q, p, t, b, f }): RecentWork => ({
      settled: n,
      ...{ queue: q, predict: p, total: t, batchSizes: b, failures: f },
    }),
  )

function counts(bounds: readonly number[]) {
  return z
    .string()
    .catch('')
    .transform((text) => BucketCounts.decode(bounds, text) ?? new BucketCounts(bounds))
}

function durations(): BucketCounts {
  return new BucketCounts(DURATION_BOUNDS_MS)
}
