import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Clock, systemClock } from '../../shared/clock.ts'
import { observedBatch, observedJob, observedManifest, succeeded } from '../../test/support/settled-batch.ts'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { attributesOf, type CollectedSpan, spanCollector } from '../../test/support/span-collector.ts'
import { JobSpans } from './job-spans.ts'
import { startTracing } from './tracing.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CALLER = '00f067aa0ba902b7'
const SAMPLED = `00-${TRACE}-${CALLER}-01`
/** When `elapsed` 1150 is: the moment that observedBatch settles. */
const NOW = 1_700_000_000_000
const LIMIT_MS = 60_000

interface TraceTest {
  serviceName?: string
  clock?: Clock
  answers?: (number | undefined)[]
}

async function tracedPool({ serviceName, clock = systemClock, answers = [] }: TraceTest = {}) {
  const collector = await spanCollector(answers)
  onTestFinished(() => collector.close())
  const lines: { level: number; msg: string }[] = []
  const log = pino({ level: 'info' }, { write: (text) => void lines.push(JSON.parse(text)) })
  const tracing = startTracing({ endpoint: collector.endpoint, serviceName, poolId: 'pool1', log, clock })
  const observer = new JobSpans(tracing.tracer, { now: () => NOW, elapsed: () => 1_150 })
  /** All spans, once they are sent, by name. */
  const sent = async () => {
    await tracing.close(LIMIT_MS)
    return Object.groupBy(collector.spans(), ({ name }) => name)
  }
  return { collector, tracing, observer, sent, lines }
}

const traced = (part = {}) => succeeded(observedJob({ traceparent: SAMPLED, ...part }))
const only = (spans: CollectedSpan[] | undefined): CollectedSpan => {
  expect(spans).toHaveLength(1)
  return spans?.[0] as CollectedSpan
}
/** Begin and end in ms before the batch was settled. */
const beforeSettled = ({ startTimeUnixNano, endTimeUnixNano }: CollectedSpan) =>
  [startTimeUnixNano, endTimeUnixNano].map((nano) => NOW - Number(BigInt(nano) / 1_000_000n))

test('a job’s span is its caller’s child, and lasts from acceptance to settlement', async () => {
  const { observer, sent, collector } = await tracedPool()
  observer.batchSettled(observedBatch({ jobs: [traced()], size: 3, bucket: 4, instance: 1 }))
  const job = only((await sent())['edgebatch.job'])
  expect(job).toMatchObject({ traceId: TRACE, parentSpanId: CALLER, kind: 5 })
  expect(beforeSettled(job)).toEqual([400, 0])
  expect(attributesOf(job)).toEqual({
    'edgebatch.model': 'dogs',
    'edgebatch.model.version': '1',
    'edgebatch.job.id': 'job1.dogs',
    'edgebatch.request.id': 'request1',
    'edgebatch.attempt': 1,
    'edgebatch.outcome': 'succeeded',
    'edgebatch.batch.size': 3,
    'edgebatch.batch.bucket': 4,
  })
  expect(collector.requests[0]).toMatchObject({ path: '/v1/traces', type: 'application/json' })
})

test('each stage is a child of the job', async () => {
  const { observer, sent } = await tracedPool()
  observer.batchSettled(observedBatch({ jobs: [traced()] }))
  const spans = await sent()
  const job = only(spans['edgebatch.job'])
  const stages = ['queue', 'fetch', 'wait', 'infer', 'settle'].map((stage) =>
    only(spans[`edgebatch.${stage}`]),
  )
  expect(stages.map(beforeSettled)).toEqual([
    [400, 150],
    [150, 140],
    [140, 120],
    [120, 80],
    [80, 0],
  ])
  for (const stage of stages) expect(stage).toMatchObject({ traceId: TRACE, parentSpanId: job.spanId })
})

test('the batch has a trace of its own, linked with its jobs both ways', async () => {
  const { observer, sent } = await tracedPool()
  const other = `00-${TRACE.replace('4', '5')}-${CALLER}-01`
  observer.batchSettled(observedBatch({ jobs: [traced(), traced({ traceparent: other })] }))
  const spans = await sent()
  const batch = only(spans['edgebatch.batch'])
  const jobs = spans['edgebatch.job'] ?? []
  expect(batch.parentSpanId).toBeUndefined()
  expect(jobs.map(({ traceId }) => traceId)).not.toContain(batch.traceId)
  expect(beforeSettled(batch)).toEqual([155, 0])
  const ids = ({ traceId, spanId }: CollectedSpan) => ({ traceId, spanId })
  expect(batch.links).toMatchObject(jobs.map(ids))
  expect(spans['edgebatch.infer']).toHaveLength(2)
  for (const infer of spans['edgebatch.infer'] ?? []) expect(infer.links).toMatchObject([ids(batch)])
})

test('nothing is sent for jobs whose caller does not record, gave none, or gave nonsense', async () => {
  const { observer, sent } = await tracedPool()
  const unsampled = traced({ traceparent: SAMPLED.replace(/01$/, '00') })
  const jobs = [unsampled, succeeded(observedJob()), traced({ traceparent: '00-x' })]
  observer.batchSettled(observedBatch({ jobs }))
  observer.jobsFailed(observedManifest(), jobs, { claimedAt: 1_000, settledAt: 1_150 })
  expect(await sent()).toEqual({})
})

test('of a batch, only the jobs that are recorded are sent', async () => {
  const { observer, sent } = await tracedPool()
  observer.batchSettled(observedBatch({ jobs: [succeeded(observedJob()), traced({ id: 'job2.dogs' })] }))
  const spans = await sent()
  expect(attributesOf(only(spans['edgebatch.job']))).toMatchObject({ 'edgebatch.job.id': 'job2.dogs' })
  expect(only(spans['edgebatch.batch']).links).toHaveLength(1)
})

test('failures: ours are errors of the span, a caller’s picture is not; both are named', async () => {
  const { observer, sent } = await tracedPool()
  const failed = (failure: 'undecodable-image' | 'unreadable-input') =>
    ({ ...traced(), failure, outcome: 'failed' }) as const
  const times = { claimedAt: 1_000, settledAt: 1_150 }
  observer.jobsFailed(
    observedManifest(),
    [failed('undecodable-image'), failed('unreadable-input'), { ...traced(), outcome: 'expired' }],
    times,
  )
  const spans = await sent()
  const jobs = spans['edgebatch.job'] ?? []
  expect(jobs.map((job) => [attributesOf(job)['error.type'], job.status?.code ?? 0])).toEqual([
    ['undecodable-image', 0],
    ['unreadable-input', 2],
    ['job-expired', 2],
  ])
  expect(jobs.map(beforeSettled)).toEqual(Array(3).fill([400, 0]))
  expect(Object.keys(spans).sort()).toEqual(['edgebatch.job', 'edgebatch.queue'])
})

describe('the service', () => {
  test('has the project’s name, and the pool as its instance', async () => {
    const { observer, sent, collector } = await tracedPool()
    observer.batchSettled(observedBatch({ jobs: [traced()] }))
    await sent()
    expect(collector.resource()).toMatchObject({
      'service.name': 'edgebatch-worker-pool',
      'service.instance.id': 'pool1',
    })
  })

  test('may be called otherwise', async () => {
    const { observer, sent, collector } = await tracedPool({ serviceName: 'dogs' })
    observer.batchSettled(observedBatch({ jobs: [traced()] }))
    await sent()
    expect(collector.resource()).toMatchObject({ 'service.name': 'dogs' })
  })
})

describe('a collector', () => {
  test('that never answers does not hold up the end', async () => {
    const clock = new SleepingClock()
    const { observer, tracing } = await tracedPool({ clock, answers: [undefined] })
    observer.batchSettled(observedBatch({ jobs: [traced()] }))
    await tracing.close(2_000)
    expect(clock.sleeps).toEqual([2_000])
  })

  test('that refuses is told in the log', async () => {
    const { observer, sent, lines } = await tracedPool({ answers: [400] })
    observer.batchSettled(observedBatch({ jobs: [traced()] }))
    await sent()
    expect(lines).toMatchObject([{ level: 40, msg: 'spans cannot be sent' }])
  })
})
