import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { metricValues } from '../../test/support/metrics-text.ts'
import { observedBatch, observedJob, observedManifest, succeeded } from '../../test/support/settled-batch.ts'
import { PoolMetrics } from './metrics.ts'

const LABELS = 'model="dogs",version="1"'

function poolMetrics() {
  const registry = new Registry()
  const metrics = new PoolMetrics(registry)
  const values = async () => metricValues(await registry.metrics())
  /** The figure of `edgebatch_<name>` for the version, with `more` labels after the two. */
  const figure = async (name: string, more = '') =>
    (await values()).get(`edgebatch_${name}{${LABELS}${more && `,${more}`}}`)
  return { metrics, values, figure }
}

test('requests, images and runs are counted apart, padding too', async () => {
  const { metrics, figure } = poolMetrics()
  metrics.modelServed(observedManifest())
  const jobs = Array.from({ length: 3 }, () => succeeded(observedJob()))
  metrics.batchSettled(observedBatch({ jobs, size: 3, bucket: 4 }))
  metrics.batchSettled(observedBatch())
  expect(await figure('inference_request_success_total')).toBe(4)
  expect(await figure('inference_count_total')).toBe(4)
  expect(await figure('inference_exec_count_total')).toBe(2)
  expect(await figure('inference_padding_total')).toBe(1)
})

test('time is told by stage, in seconds: once a job for request and queue, once a batch for the rest', async () => {
  const { metrics, figure } = poolMetrics()
  metrics.modelServed(observedManifest())
  metrics.batchSettled(observedBatch({ jobs: [succeeded(observedJob()), succeeded(observedJob())] }))
  const stage = async (name: string) => [
    await figure(`inference_${name}_duration_seconds_count`),
    await figure(`inference_${name}_duration_seconds_sum`),
  ]
  expect(await stage('request')).toEqual([2, expect.closeTo(2 * (0.25 + 0.15))])
  expect(await stage('queue')).toEqual([2, expect.closeTo(2 * 0.25)])
  expect(await stage('gather')).toEqual([1, expect.closeTo(0.005)])
  expect(await stage('compute_input')).toEqual([1, expect.closeTo(0.01)])
  expect(await stage('wait')).toEqual([1, expect.closeTo(0.02)])
  expect(await stage('compute_infer')).toEqual([1, expect.closeTo(0.04)])
  expect(await stage('compute_output')).toEqual([1, expect.closeTo(0.08)])
})

test('a wait is never negative, also where Redis’ clock stepped back', async () => {
  const { metrics, figure } = poolMetrics()
  metrics.modelServed(observedManifest())
  metrics.batchSettled(
    observedBatch({ jobs: [succeeded(observedJob({ createdAt: 5_000, claimedAt: 1_000 }))] }),
  )
  expect(await figure('inference_queue_duration_seconds_sum')).toBe(0)
  expect(await figure('inference_request_duration_seconds_sum')).toBeCloseTo(0.15)
})

test('jobs of one batch that were claimed one after another each have their own time', async () => {
  const { metrics, figure } = poolMetrics()
  metrics.modelServed(observedManifest())
  const [early, late] = [10, 60].map((claimedAt) => observedJob({ createdAt: 0, claimedAt }))
  metrics.batchSettled(observedBatch({ jobs: [early, late].flatMap((job) => (job ? [succeeded(job)] : [])) }))
  expect(await figure('inference_queue_duration_seconds_sum')).toBeCloseTo(0.07)
  expect(await figure('inference_request_duration_seconds_sum')).toBeCloseTo(2 * (0.06 + 0.15))
})

test('batch sizes fall into powers of two', async () => {
  const { metrics, values } = poolMetrics()
  metrics.modelServed(observedManifest())
  metrics.batchSettled(observedBatch({ size: 3, bucket: 4 }))
  const buckets = [...(await values())].filter(([series]) =>
    series.startsWith('edgebatch_inference_batch_size_bucket'),
  )
  expect(buckets.map(([series]) => /le="([^"]+)"/.exec(series)?.[1])).toEqual([
    '1',
    '2',
    '4',
    '8',
    '16',
    '32',
    '64',
    '128',
    '256',
    '512',
    '1024',
    '+Inf',
  ])
  expect(buckets.map(([, count]) => count)).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
})

test('failures are counted by reason, whether or not the job was run', async () => {
  const { metrics, figure } = poolMetrics()
  const manifest = observedManifest()
  metrics.modelServed(manifest)
  const failed = (failure: 'inference-failed' | 'unsupported-image') =>
    ({ job: observedJob(), failure, outcome: 'failed' }) as const
  metrics.batchSettled(observedBatch({ jobs: [failed('inference-failed'), succeeded(observedJob())] }))
  metrics.jobsFailed(manifest, [failed('unsupported-image')], { claimedAt: 10, settledAt: 20 })
  const failures = (reason: string) => figure('inference_request_failure_total', `reason="${reason}"`)
  expect(await failures('inference-failed')).toBe(1)
  expect(await failures('unsupported-image')).toBe(1)
  expect(await failures('unreadable-input')).toBe(0)
  expect(await figure('inference_request_success_total')).toBe(1)
  expect(await figure('inference_request_duration_seconds_count')).toBe(3)
})

test('a result that came too late is discarded; only an expired job is a failed request', async () => {
  const { metrics, figure } = poolMetrics()
  metrics.modelServed(observedManifest())
  const jobs = (['expired', 'canceled', 'stale', 'gone'] as const).map((outcome) => ({
    ...{ job: observedJob(), failure: undefined, outcome },
  }))
  metrics.batchSettled(observedBatch({ jobs }))
  for (const outcome of ['expired', 'canceled', 'stale', 'gone'])
    expect(await figure('inference_results_discarded_total', `outcome="${outcome}"`)).toBe(1)
  expect(await figure('inference_request_failure_total', 'reason="job-expired"')).toBe(1)
  expect(await figure('inference_request_success_total')).toBe(0)
  expect(await figure('inference_request_duration_seconds_count')).toBe(1)
})

test('a job that expired before it was run is a failed request, of which no result was discarded', async () => {
  const { metrics, figure } = poolMetrics()
  const manifest = observedManifest()
  metrics.modelServed(manifest)
  const neverRun = { job: observedJob(), failure: 'job-expired', outcome: 'expired' } as const
  metrics.jobsFailed(manifest, [neverRun], { claimedAt: 10, settledAt: 20 })
  expect(await figure('inference_request_failure_total', 'reason="job-expired"')).toBe(1)
  expect(await figure('inference_results_discarded_total', 'outcome="expired"')).toBe(0)
})

test('what a pool holds, and what it gave back', async () => {
  const { metrics, figure } = poolMetrics()
  const manifest = observedManifest()
  metrics.modelServed(manifest)
  metrics.pendingChanged(manifest, 7)
  metrics.jobsReleased(manifest, 5)
  expect(await figure('inference_pending_request_count')).toBe(7)
  expect(await figure('inference_jobs_released_total')).toBe(5)
})

test('while one copy of a version takes the place of another, they are counted together', async () => {
  const { metrics, figure } = poolMetrics()
  const [old, next] = [observedManifest(), observedManifest()]
  metrics.modelServed(old)
  metrics.batchSettled(observedBatch({ manifest: old }))
  metrics.pendingChanged(old, 3)
  metrics.modelServed(next)
  metrics.pendingChanged(next, 2)
  expect(await figure('inference_pending_request_count')).toBe(5)
  metrics.modelGone(old)
  metrics.modelGone(old)
  metrics.batchSettled(observedBatch({ manifest: next }))
  expect(await figure('inference_pending_request_count')).toBe(2)
  expect(await figure('inference_request_success_total')).toBe(2)
  metrics.modelGone(next)
  expect(await figure('inference_request_success_total')).toBeUndefined()
})

test('a version has its series from zero while it is served, and none after; its sister keeps hers', async () => {
  const { metrics, values, figure } = poolMetrics()
  const ofVersion = async (version: string) =>
    [...(await values()).keys()].filter((series) => series.includes(`version="${version}"`))
  const manifest = observedManifest('1')
  metrics.modelServed(manifest)
  metrics.modelServed(observedManifest('2'))
  expect(await figure('inference_request_success_total')).toBe(0)
  expect(await figure('model_info', 'task="classification"')).toBe(1)
  const before = await ofVersion('2')

  const rare = { job: observedJob(), failure: 'image-too-large', outcome: 'failed' } as const
  metrics.batchSettled(observedBatch({ jobs: [rare] }))
  metrics.modelGone(manifest)
  metrics.batchSettled(observedBatch())
  metrics.pendingChanged(manifest, 1)
  expect(await ofVersion('1')).toEqual([])
  expect(await ofVersion('2')).toEqual(before)
})
