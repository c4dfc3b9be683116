import type { ClaimedJob } from '../../shared/job-queue.ts'
import { type ModelManifest, modelManifestSchema } from '../../shared/model-manifest.ts'
import type { SettledBatch, SettledJob } from '../../worker-pool/observe/pool-observer.ts'

/** What a pool tells its observers, made up: a batch of an imaginary model. */

export function observedManifest(version = '1'): ModelManifest {
  return modelManifestSchema.parse({
    ...{ name: 'dogs', version, task: 'classification' },
    input: { name: 'image', dtype: 'uint8', layout: 'nhwc', shape: [8, 8, 3] },
    resize: { mode: 'stretch', size: 8, crop: 8, kernel: 'cubic' },
    outputs: { probabilities: 'probabilities', indices: 'indices' },
  })
}

/** By Redis' clock it waited 250 ms. */
export function observedJob(part: Partial<ClaimedJob> = {}): ClaimedJob {
  return {
    ...{
      id: 'job1.dogs',
      entry: '1-1',
      attempt: 1,
      hasWebhook: false,
      requestId: 'request1',
      traceparent: undefined,
    },
    ...{ createdAt: 1_700_000_000_000, claimedAt: 1_700_000_000_250, deadline: 1_700_000_300_000 },
    priority: 'normal',
    input: { kind: 'tensor', dtype: 'uint8', shape: [8, 8, 3], encoding: 'base64' },
    ...part,
  }
}

export function succeeded(job: ClaimedJob): SettledJob {
  return { job, failure: undefined, outcome: 'succeeded' }
}

/** Gathered for 5 ms, fetched in 10, waited 20 for an instance, ran 40, was settled in 80. */
export function observedBatch(part: Partial<SettledBatch> = {}): SettledBatch {
  const jobs = part.jobs ?? [succeeded(observedJob())]
  return {
    ...{
      manifest: observedManifest(),
      instance: 0,
      size: jobs.length,
      bucket: jobs.length,
      executions: 1,
      jobs,
    },
    times: {
      ...{ takenAt: 995, claimedAt: 1_000, fetchedAt: 1_010, inferBegin: 1_030, inferEnd: 1_070 },
      settledAt: 1_150,
    },
    ...part,
  }
}
