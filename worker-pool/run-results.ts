import type { ProblemCode } from '../shared/errors.ts'
import type { ClaimedJob, JobResult } from '../shared/job-queue.ts'
import type { FailedInput } from './batching/photo-inputs.ts'
import { outputOf } from './inference/job-output.ts'
import type { BatchRun } from './inference/run-batch.ts'
import type { ModelPackage } from './models/model-package.ts'

export interface Settlement {
  job: ClaimedJob
  result: JobResult
  /** Of a failure, for the log. */
  reason?: string | undefined
}

/** How a job ends whose input will not do. */
export function failedInput({ job, code, unexpected }: FailedInput): Settlement {
  return failure(job, code, unexpected)
}

/** How the jobs of a batch end, in their order. `predictMs`: what the whole batch took. */
export function settlementsOf(
  { manifest, labels }: ModelPackage,
  jobs: readonly ClaimedJob[],
  { parts }: BatchRun,
  predictMs: number,
): Settlement[] {
  const timing = { predictMs, batchSize: jobs.length, modelVersion: manifest.version }
  return parts.flatMap(({ first, count, outputs, reason }) =>
    jobs.slice(first, first + count).map((job, i): Settlement => {
      if (!outputs) return failure(job, 'inference-failed', reason)
      const output = outputOf(manifest, labels, outputs, i)
      if (!output) return failure(job, 'inference-failed', 'the outputs are no result')
      return { job, result: { status: 'succeeded', output, ...timing } }
    }),
  )
}

function failure(job: ClaimedJob, code: ProblemCode, reason: string | undefined): Settlement {
  return { job, result: { status: 'failed', code }, reason }
}
