import { expect, onTestFinished, test } from 'vitest'
import { example } from '../support/photos.ts'
import { attributesOf, spanCollector } from '../support/span-collector.ts'
import { testStack } from '../support/stack.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CALLER = '00f067aa0ba902b7'

test('a caller’s trace goes through the edge, Redis and the pool to a collector; who has none gets none', async () => {
  const collector = await spanCollector()
  onTestFinished(() => collector.close())
  const stack = await testStack({ poolEnv: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint } })
  onTestFinished(() => stack.close())
  const predict = (headers: Record<string, string>) => stack.predict(example('cat.jpg'), { headers })

  expect((await predict({})).status).toBe(200)
  expect((await predict({ traceparent: `00-${TRACE}-${CALLER}` })).status).toBe(200)
  expect((await predict({ traceparent: `00-${TRACE}-${CALLER}-00` })).status).toBe(200)
  const traced = await predict({ traceparent: `00-${TRACE}-${CALLER}-01` })
  const { id } = (await traced.json()) as { id: string }
  await stack.pools[0]?.stop()

  const jobs = collector.spans().filter(({ name }) => name === 'edgebatch.job')
  expect(jobs).toMatchObject([{ traceId: TRACE, parentSpanId: CALLER }])
  expect(jobs.map(attributesOf)).toMatchObject([
    {
      'edgebatch.job.id': id,
      'edgebatch.request.id': traced.headers.get('x-request-id'),
      'edgebatch.outcome': 'succeeded',
    },
  ])
  const stages = collector.spans().filter(({ parentSpanId }) => parentSpanId === jobs[0]?.spanId)
  expect(stages.map(({ name }) => name.replace('edgebatch.', ''))).toEqual([
    ...['queue', 'fetch', 'wait', 'infer', 'settle'],
  ])
})
