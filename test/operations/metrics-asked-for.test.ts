import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import type { OwnRedis } from '../../local-stack/redis-server.ts'
import { metricValues } from '../support/metrics-text.ts'
import { PROMETHEUS_FOLDER, readAlerts, readDashboards } from '../support/operations-files.ts'
import { startOwnRedis } from '../support/own-redis.ts'
import { example } from '../support/photos.ts'
import { processEnv } from '../support/process-env.ts'
import { parseQuery } from '../support/promql.ts'
import { ScrapedSeries } from '../support/scraped-series.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'
import { storeApiKey } from '../support/stored-api-key.ts'

const dashboards = readDashboards()
const GPU = '#!/bin/sh\necho "0, 1024, 81559, 87, 61"\n'

let redis: OwnRedis
let stack: TestStack
let folder: string
const series = new ScrapedSeries()
const scrape = async (port: unknown) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
const scrapeEdge = () => scrape(stack.edge.service.ready.metricsPort)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-operations-'))
  await writeFile(join(folder, 'nvidia-smi'), GPU)
  await chmod(join(folder, 'nvidia-smi'), 0o755)
  redis = await startOwnRedis()
  stack = await testStack({
    redisUrl: redis.url,
    edgeRuntime: 'node',
    edgeBindings: { ALLOW_ANONYMOUS: 'false', METRICS_PORT: '0' },
    poolEnv: {
      PATH: `${folder}:${processEnv().PATH}`,
      HEALTH_PORT: '0',
      WEBHOOK_SECRET: `whsec_${btoa('x'.repeat(32))}`,
    },
  })
  await stack.redis.config('SET', 'maxmemory', '1gb')
  const { headers } = await storeApiKey(stack)
  expect((await stack.predict(example('cat.jpg'), { headers })).status).toBe(200)
  series.add('edgebatch-edge', await scrapeEdge())
  series.add('edgebatch-pool', await scrape(stack.pools[0]?.ready.healthPort))
  // No test starts a redis_exporter: it is a record of what one answered.
  series.add('redis', readFileSync(join(PROMETHEUS_FOLDER, 'redis-exporter-metrics.txt'), 'utf8'))
})
afterAll(async () => {
  await stack?.close()
  await redis?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

describe('the edge on Node', () => {
  test('tells what was asked of it and what waits, without a key on METRICS_PORT and with one elsewhere', async () => {
    expect((await stack.get('/metrics')).status).toBe(401)
    const values = metricValues(await scrapeEdge())
    expect(values.get('edgebatch_http_requests_total{route="/predict",method="POST",status="200"}')).toBe(1)
    expect(values.get('edgebatch_http_problems_total{code="unauthorized"}')).toBe(1)
    expect(values.get(`edgebatch_model_pools{model="${MODEL}",version="1"}`)).toBe(1)
    expect(values.get('edgebatch_redis_memory_max_bytes')).toBe(2 ** 30)
    const { headers } = await storeApiKey(stack, { admin: true })
    const text = await (await fetch(`${stack.edge.url}/metrics`, { headers })).text()
    for (const name of ['edgebatch_queue_jobs', 'edgebatch_http_requests_total', 'process_cpu_seconds_total'])
      expect(text).toContain(`\n${name}`)
  })

  test('goes on telling what it has counted while Redis is away', async () => {
    const { headers } = await storeApiKey(stack, { admin: true })
    expect((await fetch(`${stack.edge.url}/models`, { headers })).status).toBe(200)
    await stack.gateway.service.stop()
    expect((await stack.predict(example('cat.jpg'), { headers })).status).toBe(503)
    const values = metricValues(await scrapeEdge())
    expect(values.get('edgebatch_edge_redis_up')).toBe(0)
    expect(values.get('edgebatch_http_requests_total{route="/predict",method="POST",status="503"}')).toBe(1)
    expect([...values.keys()].filter((name) => name.startsWith('edgebatch_queue'))).toEqual([])
    series.add('edgebatch-edge', await scrapeEdge())
  })
})

describe('what alerts ask for was scraped', () => {
  test.each(readAlerts().map(({ alert, expr }) => [alert, expr]))('%s', (_, expr) => {
    expect(series.problemsOf(expr)).toEqual([])
  })

  test('and their words name labels that are left', () => {
    for (const { expr, annotations } of readAlerts()) {
      const asked = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label)
      const { selectors } = parseQuery(expr)
      for (const label of asked)
        expect(selectors.some(({ metric }) => series.has(metric, label ?? ''))).toBe(true)
    }
  })
})

describe.each(dashboards.map((dashboard) => [dashboard.file, dashboard] as const))(
  'what %s asks for was scraped',
  (_, { panels, templating }) => {
    const withQueries = panels.filter(({ type }) => type !== 'row')

    test.each(withQueries.map((panel) => [panel.title, panel.targets ?? []] as const))(
      '%s',
      (_title, targets) => {
        expect(targets.length).toBeGreaterThan(0)
        for (const { expr, legendFormat } of targets) {
          const query = expr.replaceAll('$__rate_interval', '5m')
          expect(series.problemsOf(query)).toEqual([])
          const { selectors } = parseQuery(query)
          for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
            expect(
              selectors.some(({ metric }) => series.has(metric, label)),
              label,
            ).toBe(true)
        }
      },
    )

    test('so is what its variables are read from', () => {
      for (const { type, definition = '' } of templating.list) {
        if (type !== 'query') continue
        const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? []
        expect(series.problemsOf(selector)).toEqual([])
        expect(series.has(parseQuery(selector).selectors[0]?.metric ?? '', label)).toBe(true)
      }
    })
  },
)

test('a metric, a label or a value that is not there is told', () => {
  expect(series.problemsOf('rate(edgebatch_nothing_total[5m])')).toEqual([
    'there is no edgebatch_nothing_total',
  ])
  expect(series.problemsOf('edgebatch_pools{colour="red"}')).toEqual(['edgebatch_pools has no label colour'])
  expect(series.problemsOf('edgebatch_pools{state=~"lame|tired"}')).toEqual([
    'no edgebatch_pools has state=~"lame|tired"',
  ])
  expect(series.problemsOf('sum by (gpu) (edgebatch_pools)')).toEqual([
    'groups by gpu, which nothing in it has',
  ])
  expect(() => series.problemsOf('sum by (')).toThrow('not PromQL')
})

test('all of our metrics stand in the documents', () => {
  const text = ['docs/observability.md', 'docs/monitoring.md']
    .map((file) => readFileSync(join(PROJECT_ROOT, file), 'utf8'))
    .join('\n')
  const names = series.names().filter((name) => name.startsWith('edgebatch_'))
  const families = new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, '')))
  const documented = (name: string) => text.includes(`\`${name}\``)
  // `..._count` ends a gauge's name as well.
  const missing = names.filter(
    (name) => !documented(name) && !documented(name.replace(/_(bucket|sum|count)$/, '')),
  )
  expect(families.size).toBeGreaterThan(30)
  expect(missing).toEqual([])
})
