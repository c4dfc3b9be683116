import { hasEnded } from '../../client/job-status.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { printableLine } from '../printable.ts'

/** What came of a job, or where it stands, on one line. */
export function jobText(job: PublicJob): string {
  return printableLine(textOf(job))
}

function textOf(job: PublicJob): string {
  if (!hasEnded(job.status)) return pendingText(job)
  if (job.success) return resultText(job)
  return job.error ? `${job.status}: ${job.error.title} (${job.error.code})` : job.status
}

function resultText({ predictions, embedding, tensors }: PublicJob): string {
  if (predictions)
    return predictions.map(({ label, probability }) => `${label} ${percent(probability)}`).join(', ')
  if (Array.isArray(embedding)) return `an embedding of ${embedding.length} numbers (--json shows them)`
  if (tensors)
    return Object.entries(tensors)
      .map(([name, { dtype, shape }]) => `${name} ${dtype}[${shape.join(', ')}]`)
      .join(', ')
  return 'succeeded'
}

function pendingText({ status, queue_position: position, eta_seconds: eta }: PublicJob): string {
  const place = position === null ? '' : `, number ${position} in line`
  const until = eta === null ? '' : `, about ${Math.max(1, Math.ceil(eta))} s`
  return `${status}${place}${until}`
}

function percent(probability: number): string {
  return `${(100 * probability).toFixed(1)}%`
}
