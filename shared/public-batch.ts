import * as z from 'zod'
import type { Batch } from './batch.ts'
import { PROBLEMS, type ProblemCode, problemCodeSchema } from './errors.ts'
import type { EncodingFormat, Job } from './job.ts'
import { isTerminal } from './job-state.ts'
import { type Outlook, publicJobSchema, toPublicJob } from './public-job.ts'

const count = z.int().nonnegative()

/** The images of one call, as their caller sees them. */
export const publicBatchSchema = z.object({
  id: z.string(),
  /** `queued`: nothing has begun. `completed`: each image has its result, or will have none. */
  status: z.enum(['queued', 'processing', 'completed']),
  /** Whether all of them succeeded. */
  success: z.boolean(),
  model: z.string(),
  model_version: z.string(),
  created_at: z.iso.datetime(),
  /** `refused`: never became jobs. `expired`: of jobs; those count as such, too, whose result was kept as long as promised. */
  counts: z.object({
    total: count,
    queued: count,
    processing: count,
    succeeded: count,
    failed: count,
    canceled: count,
    expired: count,
    refused: count,
  }),
  /** In the order of the call. Of `job` and `error`, one is null. */
  items: z.array(
    z.object({
      index: count,
      job: publicJobSchema.nullable(),
      error: z
        .object({ code: problemCodeSchema, title: z.string(), detail: z.string(), retryable: z.boolean() })
        .nullable(),
    }),
  ),
  urls: z.object({ get: z.string(), cancel: z.string(), events: z.string() }),
})
export type PublicBatch = z.infer<typeof publicBatchSchema>

export interface BatchView {
  /** The scheme and host that the caller used, without a slash at the end. */
  origin: string
  encoding: EncodingFormat
  /** Where each of its jobs stands, if that is known. */
  outlook?: (job: Job) => Outlook
}

export function toPublicBatch(batch: Batch, view: BatchView): PublicBatch {
  const { origin } = view
  const counts = countsOf(batch)
  const url = `${origin}/result/${batch.id}`
  return {
    id: batch.id,
    status: statusOf(counts),
    success: counts.succeeded === counts.total,
    model: batch.model,
    model_version: batch.modelVersion,
    created_at: new Date(batch.createdAt).toISOString(),
    counts,
    items: batch.items.map((item, index) => ({ index, ...publicItem(item, view) })),
    urls: { get: url, cancel: `${url}/cancel`, events: url },
  }
}

/** Whether nothing will change any more. */
export function hasEnded({ items }: Batch): boolean {
  return items.every((item) => 'error' in item || !item.job || isTerminal(item.job.status))
}

function countsOf({ items }: Batch): PublicBatch['counts'] {
  const counts = {
    total: items.length,
    queued: 0,
    processing: 0,
    succeeded: 0,
    failed: 0,
    canceled: 0,
    expired: 0,
    refused: 0,
  }
  for (const item of items) counts['error' in item ? 'refused' : (item.job?.status ?? 'expired')]++
  return counts
}

function statusOf({ total, queued, processing, refused }: PublicBatch['counts']): PublicBatch['status'] {
  if (queued + processing === 0) return 'completed'
  return queued + refused === total ? 'queued' : 'processing'
}

function publicItem(
  item: Batch['items'][number],
  { outlook, ...view }: BatchView,
): Pick<PublicBatch['items'][number], 'job' | 'error'> {
  if ('error' in item) return { job: null, error: publicRefusal(item.error.code, item.error.detail) }
  if (item.job) return { job: toPublicJob(item.job, { ...view, outlook: outlook?.(item.job) }), error: null }
  return { job: null, error: publicRefusal('result-expired', 'Store what you need on your side.') }
}

function publicRefusal(code: ProblemCode, detail: string) {
  return { code, title: PROBLEMS[code].title, detail, retryable: PROBLEMS[code].retryable }
}
