import type { Batch } from '../../shared/batch.ts'
import type { Job } from '../../shared/job.ts'
import type { Outlook } from '../../shared/public-job.ts'
import type { EdgeContext } from '../edge-context.ts'
import { outlookOf } from '../outlook.ts'

/**
 * Where the jobs of a batch stand. They wait in one queue, so that the place of the last one and their numbers in it tell those of all: one
 * look. Where that fails, or Redis does not tell, nothing is known of those that wait.
 */
export async function batchOutlook(
  { deps, models }: EdgeContext,
  batch: Batch,
): Promise<(job: Job) => Outlook> {
  await models.list().catch(() => {})
  const drainRate = models.drainRate(batch.model, batch.modelVersion)
  const last = batch.items
    .flatMap((item) => ('job' in item && item.job?.status === 'queued' ? [item.job] : []))
    .reduce<Job | undefined>((a, b) => ((a?.seq ?? 0) > (b.seq ?? 0) ? a : b), undefined)
  const look = last && (await deps.queue.look(last.id).catch(() => undefined))
  return (job) => outlookOf({ job, position: placeOf(job, last, look?.position ?? null) }, drainRate)
}

function placeOf(job: Job, last: Job | undefined, lastPlace: number | null): number | null {
  if (lastPlace === null || !last?.seq || !job.seq) return null
  return Math.max(1, lastPlace - (last.seq - job.seq))
}
