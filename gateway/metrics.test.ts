import { readFile } from 'node:fs/promises'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { metricValues } from '../test/support/metrics-text.ts'
import { COMMAND_FAMILIES } from './command-families.ts'
import { GatewayMetrics, REFUSALS } from './metrics.ts'

const DOCUMENT = new URL('../docs/observability.md', import.meta.url)

function gatewayMetrics() {
  const registry = new Registry()
  const state = { connections: () => 7, streams: () => 5, subscriptions: () => 3 }
  const metrics = new GatewayMetrics(registry, state)
  const figure = async (series: string) =>
    metricValues(await registry.metrics()).get(`edgebatch_gateway_${series}`)
  return { registry, metrics, figure }
}

test('commands are counted one by one, time and bytes once a request', async () => {
  const { metrics, figure } = gatewayMetrics()
  metrics.answered({
    ...{ families: ['string', 'hash'], failed: ['hash'], family: 'mixed' },
    ...{ seconds: 0.002, bytesIn: 30, bytesOut: 200 },
  })
  expect(await figure('commands_total{family="string"}')).toBe(1)
  expect(await figure('commands_total{family="hash"}')).toBe(1)
  expect(await figure('command_errors_total{family="string"}')).toBe(0)
  expect(await figure('command_errors_total{family="hash"}')).toBe(1)
  expect(await figure('request_duration_seconds_sum{family="mixed"}')).toBe(0.002)
  expect(await figure('request_duration_seconds_bucket{le="0.001",family="mixed"}')).toBe(0)
  expect(await figure('request_duration_seconds_bucket{le="0.0025",family="mixed"}')).toBe(1)
  expect(await figure('request_bytes_total{family="mixed"}')).toBe(30)
  expect(await figure('response_bytes_total{family="mixed"}')).toBe(200)
  expect(await figure('request_duration_seconds_count{family="string"}')).toBe(0)
})

test('what is open is read when somebody asks', async () => {
  const { figure } = gatewayMetrics()
  expect(await figure('connections')).toBe(7)
  expect(await figure('streams')).toBe(5)
  expect(await figure('subscriptions')).toBe(3)
})

test('refusals are counted by reason, and all series are there from the start', async () => {
  const { metrics, figure } = gatewayMetrics()
  for (const reason of REFUSALS) expect(await figure(`refused_total{reason="${reason}"}`)).toBe(0)
  for (const family of COMMAND_FAMILIES) expect(await figure(`commands_total{family="${family}"}`)).toBe(0)
  metrics.refused('unauthorized')
  metrics.streamCut()
  expect(await figure('refused_total{reason="unauthorized"}')).toBe(1)
  expect(await figure('streams_cut_total')).toBe(1)
})

test('the document has a row for each metric, of its type, and for each reason and family', async () => {
  const { registry } = gatewayMetrics()
  const metrics = (await registry.getMetricsAsJSON()).map(({ name, type }) => `${name} ${type}`)
  const text = await readFile(DOCUMENT, 'utf8')
  const rows = [...text.matchAll(/^\| `(edgebatch_gateway_\w+)` *\| (\w+)/gm)]
  expect(rows.map(([, name, type]) => `${name} ${type}`).sort()).toEqual(metrics.sort())
  for (const label of [...REFUSALS, ...COMMAND_FAMILIES]) expect(text).toContain(`\`${label}\``)
})
