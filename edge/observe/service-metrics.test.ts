import { expect, test } from 'vitest'
import type { PublicStats } from '../../shared/public-stats.ts'
import { IDLE_STATS, NO_WORK } from '../../test/support/idle-stats.ts'
import { metricValues } from '../../test/support/metrics-text.ts'
import { prometheusText } from './prometheus-text.ts'
import { metricsWithoutRedis, serviceMetrics } from './service-metrics.ts'

const POOL = { device: 'cpu', in_flight: 1, images_per_second: 3, busy: {}, started_at: null }
const TOLD = { accepted_total: null, arrival_rate: null, eta_seconds: null, last_minute: NO_WORK }
const STATS: PublicStats = {
  ...IDLE_STATS,
  models: [
    {
      ...{ name: 'm', version: '1', backlog: { high: 0, normal: 7, low: 2 } },
      ...{ oldest_waiting_seconds: 4.5, drain_rate: 20, pools: ['a'], state: 'live', ...TOLD },
    },
    {
      ...{ name: 'm', version: '2', backlog: { high: 0, normal: 0, low: 0 } },
      ...{ oldest_waiting_seconds: null, drain_rate: null, pools: [], state: 'retiring', ...TOLD },
    },
  ],
  queue_depth: { total: 12, by_model: { m: 12 } },
  pools: [
    {
      ...POOL,
      ...{ id: 'a', models: ['m@1'], state: 'ok', running_for_seconds: 0, last_settled_at: null },
    },
    {
      ...POOL,
      ...{ id: 'b', models: ['m@1'], state: 'stuck', running_for_seconds: 400, last_settled_at: null },
    },
  ],
  redis: { used_memory_bytes: 1000, max_memory_bytes: 4000 },
}

test('what waits, who serves and how full Redis is, each with the labels to tell it apart', () => {
  expect(Object.fromEntries(metricValues(serviceMetrics(STATS, 100)))).toEqual({
    edgebatch_edge_redis_up: 1,
    'edgebatch_queue_jobs{model="m",version="1",priority="high"}': 0,
    'edgebatch_queue_jobs{model="m",version="1",priority="normal"}': 7,
    'edgebatch_queue_jobs{model="m",version="1",priority="low"}': 2,
    'edgebatch_queue_jobs{model="m",version="2",priority="high"}': 0,
    'edgebatch_queue_jobs{model="m",version="2",priority="normal"}': 0,
    'edgebatch_queue_jobs{model="m",version="2",priority="low"}': 0,
    'edgebatch_queue_oldest_waiting_seconds{model="m",version="1"}': 4.5,
    'edgebatch_queue_oldest_waiting_seconds{model="m",version="2"}': 0,
    edgebatch_queue_limit_jobs: 100,
    edgebatch_queue_depth: 12,
    'edgebatch_model_pools{model="m",version="1"}': 1,
    'edgebatch_model_pools{model="m",version="2"}': 0,
    'edgebatch_model_drain_rate{model="m",version="1"}': 20,
    'edgebatch_pools{state="ok"}': 1,
    'edgebatch_pools{state="slow"}': 0,
    'edgebatch_pools{state="stuck"}': 1,
    edgebatch_redis_memory_used_bytes: 1000,
    edgebatch_redis_memory_max_bytes: 4000,
  })
})

test('what Redis does not tell has no series', () => {
  const text = serviceMetrics({ ...STATS, redis: null }, 100)
  expect(text).not.toContain('edgebatch_redis_memory')
  expect(
    serviceMetrics({ ...STATS, redis: { used_memory_bytes: 1, max_memory_bytes: null } }, 1),
  ).not.toMatch(/memory_max/)
})

test('without Redis just that is told', () => {
  expect([...metricValues(metricsWithoutRedis())]).toEqual([['edgebatch_edge_redis_up', 0]])
})

test('labels are escaped as Prometheus reads them', () => {
  const samples = [{ labels: { model: 'a"b\\c\nd' }, value: 1 }]
  expect(prometheusText([{ name: 'x', help: 'X', samples }])).toBe(
    '# HELP x X\n# TYPE x gauge\nx{model="a\\"b\\\\c\\nd"} 1\n',
  )
})
