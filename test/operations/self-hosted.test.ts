import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../local-stack/free-port.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { argumentsOf, stage } from '../support/dockerfile.ts'
import { metricValues } from '../support/metrics-text.ts'
import { PROMETHEUS_FOLDER, readAlerts, readDashboards } from '../support/operations-files.ts'
import { example } from '../support/photos.ts'
import { processEnv } from '../support/process-env.ts'
import { parseQuery } from '../support/promql.ts'
import { ScrapedSeries } from '../support/scraped-series.ts'
import { makeSecretsIn, SelfHostedDeployment } from '../support/self-hosted-deployment.ts'
import { MODEL } from '../support/stack.ts'

/** In the order of the file: what is self-hosted serves and tells; what alerts and dashboards ask for is what it has told. */

const GPU = '#!/bin/sh\necho "0, 1024, 81559, 87, 61"\n'
const body = new Uint8Array(example('cat.jpg'))

let gpuFolder: string
let deployment: SelfHostedDeployment
let key: string
const series = new ScrapedSeries()
const scrape = async (port: string) =>
  (await fetch(`http://127.0.0.1:${deployment.ports[port]}/metrics`)).text()
const predict = (headers: Record<string, string> = {}) =>
  fetch(`${deployment.url}/predict`, { method: 'POST', body, headers })
const withKey = (more: Record<string, string> = {}) => ({ authorization: `Bearer ${key}`, ...more })

beforeAll(async () => {
  gpuFolder = await mkdtemp(join(tmpdir(), 'edgebatch-gpu-'))
  await writeFile(join(gpuFolder, 'nvidia-smi'), GPU)
  await chmod(join(gpuFolder, 'nvidia-smi'), 0o755)
  deployment = await SelfHostedDeployment.start({ poolPath: `${gpuFolder}:${processEnv().PATH}` })
  // No test starts a redis_exporter: it is a record of what one answered.
  series.add('redis', readFileSync(join(PROMETHEUS_FOLDER, 'redis-exporter-metrics.txt'), 'utf8'))
})
afterAll(async () => {
  await deployment?.close()
  await rm(gpuFolder, { recursive: true, force: true })
})

describe('what docker-compose.yaml describes', () => {
  test('serves a prediction, to who has a key that its tools have made', async () => {
    expect((await predict()).status).toBe(401)
    key = await deployment.tools('keys', 'create', '--name', 'prometheus', '--admin')
    const response = await predict(withKey({ prefer: 'wait=60' }))
    expect(response.status).toBe(200)
    expect(((await response.json()) as PublicJob).predictions?.[0]?.label).toMatch(/cat/)
  })

  test('has pages for people', async () => {
    const page = await fetch(deployment.url, { headers: { accept: 'text/html' } })
    expect(await page.text()).toContain('<script')
  })

  test.each([
    ['gateway', 'gateway', 'GATEWAY_PORT'],
    ['worker-pool', 'cpu', 'HEALTH_PORT'],
    ['edge', 'edge', 'PORT'],
  ])(
    'has a %s that is healthy by its image’s own check, which says no where nothing listens',
    async (_, target, variable) => {
      const [instruction = ''] = argumentsOf(stage(target), 'HEALTHCHECK')
      const [, ...args] = JSON.parse(instruction.slice(instruction.indexOf('['))) as string[]
      const check = (port: number | undefined) => {
        const env = { ...processEnv(), [variable]: String(port) }
        return promisify(execFile)(process.execPath, args, { env })
      }
      await check(deployment.ports[variable])
      await expect(check(await freePort())).rejects.toMatchObject({ code: 1 })
    },
  )

  test('has a Redis that keeps what it accepts on disk, drops nothing, and lets its users do no more than they need', async () => {
    const redis = deployment.redisAs('exporter')
    expect(await redis.info('persistence')).toContain('aof_enabled:1')
    expect(await redis.info('memory')).toContain('maxmemory_policy:noeviction')
    await expect(redis.get('eb:keys')).rejects.toThrow('NOPERM')
    redis.disconnect()
    const admin = deployment.redisAs('admin')
    await expect(admin.flushall()).rejects.toThrow('NOPERM')
    admin.disconnect()
  })

  test('has secrets that are for their owner alone, and stay when users are made anew for them', async () => {
    const [secrets, users] = ['.env', 'deploy/compose/users.acl'].map((file) => join(deployment.folder, file))
    const read = () => [secrets, users].map((file) => readFileSync(file ?? '', 'utf8'))
    const before = read()
    expect((await stat(secrets ?? '')).mode & 0o777).toBe(0o600)
    await rm(users ?? '')
    await makeSecretsIn(deployment.folder)
    expect(read()).toEqual(before)
  })
})

describe('metrics', () => {
  test('of pool, gateway and edge tell what was asked and what waits, the edge’s without a key on METRICS_PORT and with one elsewhere', async () => {
    const text = await scrape('METRICS_PORT')
    series.add('edgebatch-edge', text)
    series.add('edgebatch-pool', await scrape('HEALTH_PORT'))
    series.add('edgebatch-gateway', await scrape('GATEWAY_METRICS_PORT'))
    const values = metricValues(text)
    expect(values.get('edgebatch_http_requests_total{route="/predict",method="POST",status="200"}')).toBe(1)
    expect(values.get('edgebatch_http_problems_total{code="unauthorized"}')).toBe(1)
    expect(values.get(`edgebatch_model_pools{model="${MODEL}",version="1"}`)).toBe(1)
    expect(values.get('edgebatch_redis_memory_max_bytes')).toBe(2 ** 30)
    expect((await fetch(`${deployment.url}/metrics`)).status).toBe(401)
    const asked = await (await fetch(`${deployment.url}/metrics`, { headers: withKey() })).text()
    for (const name of ['edgebatch_queue_jobs', 'edgebatch_http_requests_total', 'process_cpu_seconds_total'])
      expect(asked).toContain(`\n${name}`)
  })

  test('of the edge go on while Redis is away', async () => {
    await deployment.stop('gateway')
    expect((await predict(withKey())).status).toBe(503)
    const text = await scrape('METRICS_PORT')
    series.add('edgebatch-edge', text)
    const values = metricValues(text)
    expect(values.get('edgebatch_edge_redis_up')).toBe(0)
    expect(values.get('edgebatch_http_requests_total{route="/predict",method="POST",status="503"}')).toBe(1)
    expect([...values.keys()].filter((name) => name.startsWith('edgebatch_queue'))).toEqual([])
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

describe.each(readDashboards().map((dashboard) => [dashboard.file, dashboard] as const))(
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
