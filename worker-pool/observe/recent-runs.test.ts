import { expect, test } from 'vitest'
import { observedBatch, observedJob, observedManifest, succeeded } from '../../test/support/settled-batch.ts'
import { RecentRuns } from './recent-runs.ts'

function recentRuns() {
  let now = 0
  const runs = new RecentRuns(() => now)
  return { runs, pass: (ms: number) => (now += ms) }
}
const buckets = ({ buckets }: { buckets: { upTo: number; count: number }[] }) =>
  buckets.map(({ upTo, count }) => [Math.round(upTo), count])

test('a batch is counted with the times of its jobs', () => {
  const { runs } = recentRuns()
  const jobs = [succeeded(observedJob()), succeeded(observedJob())]
  runs.batchSettled(observedBatch({ jobs }))
  const work = runs.tell()['dogs@1']
  if (!work) throw new Error('nothing is told')
  expect([work.settled, work.failures]).toEqual([2, {}])
  // 250 ms, 40 ms, and 250 + 150 ms.
  expect([work.queue, work.predict, work.total].map(buckets)).toEqual([[[256, 2]], [[45, 2]], [[512, 2]]])
  expect(buckets(work.batchSizes)).toEqual([[2, 1]])
})

test('jobs that fail are counted by reason; those that ended elsewhere are not', () => {
  const { runs } = recentRuns()
  const failed = (outcome: 'failed' | 'expired' | 'canceled' | 'stale' | 'gone') => ({
    ...succeeded(observedJob()),
    outcome,
    failure: outcome === 'failed' ? ('undecodable-image' as const) : undefined,
  })
  const ends = (['failed', 'failed', 'expired', 'canceled', 'stale', 'gone'] as const).map(failed)
  runs.jobsFailed(observedManifest(), ends, { claimedAt: 0, settledAt: 1 })
  runs.attemptsLost(observedManifest(), { dead: ['job2.dogs'] })
  runs.attemptsLost(observedManifest('2'), { dead: [] })
  const told = runs.tell()
  expect(told).toMatchObject({
    'dogs@1': {
      settled: 4,
      failures: { 'undecodable-image': 2, 'job-expired': 1, 'attempts-exhausted': 1 },
    },
  })
  expect(Object.keys(told)).toEqual(['dogs@1'])
  expect(told['dogs@1']?.predict.total).toBe(0)
})

test('after a minute it is forgotten', () => {
  const { runs, pass } = recentRuns()
  runs.batchSettled(observedBatch())
  pass(30_000)
  runs.batchSettled(observedBatch())
  runs.batchSettled(observedBatch({ manifest: observedManifest('2') }))
  pass(29_999)
  expect(runs.tell()['dogs@1']?.settled).toBe(2)
  pass(1)
  expect(runs.tell()['dogs@1']?.settled).toBe(1)
  pass(30_000)
  expect(runs.tell()).toEqual({})
})
