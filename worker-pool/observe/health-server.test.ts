import { once } from 'node:events'
import { request } from 'node:http'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../shared/clock.ts'
import { ConfigurationError } from '../../shared/read-configuration.ts'
import { metricValues } from '../../test/support/metrics-text.ts'
import { observedBatch, observedManifest } from '../../test/support/settled-batch.ts'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { type PoolHealth, startHealthServer } from './health-server.ts'
import { PoolMetrics } from './metrics.ts'

const OPTIONS = { host: '127.0.0.1', port: 0, stuckLimitMs: 60_000, clock: systemClock }

/** A pool that is well, unless `health` says otherwise. */
async function healthServer(health: Partial<PoolHealth> = {}, clock = systemClock) {
  const well: PoolHealth = {
    ...{ phase: () => 'serving', stuckFor: () => 0, pingRedis: async () => 'PONG' },
    metrics: new Registry(),
  }
  const server = await startHealthServer({ ...well, ...health }, { ...OPTIONS, clock })
  onTestFinished(() => server.close())
  const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init)
  const reading = async (path: string) => {
    const response = await ask(path)
    return [response.status, await response.json()]
  }
  return { server, ask, reading }
}

test('/live: answered while the event loop turns', async () => {
  const { reading } = await healthServer({ stuckFor: () => 60_000, phase: () => 'starting' })
  expect(await reading('/live')).toEqual([200, { status: 'live' }])
})

test('/live: a run that has taken longer than the limit is stuck', async () => {
  const { reading } = await healthServer({ stuckFor: () => 60_001 })
  expect(await reading('/live')).toEqual([
    503,
    { status: 'stuck', reasons: ['a run of a model has taken 60 s so far'] },
  ])
})

test('/ready: models are warm and Redis answers', async () => {
  const { reading } = await healthServer()
  expect(await reading('/ready')).toEqual([200, { status: 'ready' }])
})

test.each(['starting', 'draining'] as const)('/ready: not while the pool is %s', async (phase) => {
  const { reading } = await healthServer({ phase: () => phase })
  expect(await reading('/ready')).toEqual([503, { status: 'not ready', reasons: [phase] }])
})

test('/ready: all reasons are named, Redis refusing among them', async () => {
  const { reading } = await healthServer({
    phase: () => 'starting',
    pingRedis: () => Promise.reject(new Error('refused')),
  })
  expect(await reading('/ready')).toEqual([503, { status: 'not ready', reasons: ['starting', 'redis away'] }])
})

test('/ready: a Redis that says nothing is away', async () => {
  const clock = new SleepingClock()
  const { reading } = await healthServer({ pingRedis: () => new Promise(() => {}) }, clock)
  expect(await reading('/ready')).toEqual([503, { status: 'not ready', reasons: ['redis away'] }])
  expect(clock.sleeps).toEqual([800])
})

test('/metrics: Prometheus’ text, as its content type says', async () => {
  const metrics = new Registry()
  const observer = new PoolMetrics(metrics)
  observer.modelServed(observedManifest())
  observer.batchSettled(observedBatch())
  const { ask } = await healthServer({ metrics })
  const response = await ask('/metrics')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(metricValues(await response.text())).toContainEqual([
    'edgebatch_inference_exec_count_total{model="dogs",version="1"}',
    1,
  ])
})

test('/metrics: a collector that fails is said, and costs nothing but this answer', async () => {
  const broken = { contentType: 'text/plain', metrics: () => Promise.reject(new Error('secret')) }
  const { reading } = await healthServer({ metrics: broken })
  expect(await reading('/metrics')).toEqual([
    500,
    { status: 'error', reasons: ['the metrics could not be read'] },
  ])
  expect((await reading('/live'))[0]).toBe(200)
})

test('HEAD is answered as GET, without a body', async () => {
  const { ask } = await healthServer({ phase: () => 'draining' })
  const response = await ask('/ready?verbose', { method: 'HEAD' })
  expect(response.status).toBe(503)
  expect(Number(response.headers.get('content-length'))).toBeGreaterThan(0)
  expect(await response.text()).toBe('')
})

test('other addresses and methods are refused', async () => {
  const { ask, reading } = await healthServer()
  expect((await reading('/'))[0]).toBe(404)
  expect((await reading('/live/'))[0]).toBe(404)
  const response = await ask('/live', { method: 'POST', body: 'x' })
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe('GET, HEAD')
  expect(await response.json()).toMatchObject({ status: 'method not allowed' })
})

test('a port that is taken is a wrong setting, with what to do', async () => {
  const { server } = await healthServer()
  const second = startHealthServer({} as PoolHealth, { ...OPTIONS, port: server.port })
  await expect(second).rejects.toThrow(ConfigurationError)
  await expect(second).rejects.toThrow(
    `HEALTH_PORT: ${server.port} is taken on 127.0.0.1; choose another, or unset it for no health server`,
  )
})

test('an address that is not this machine’s is a wrong setting', async () => {
  await expect(startHealthServer({} as PoolHealth, { ...OPTIONS, host: '192.0.2.1' })).rejects.toThrow(
    /^HEALTH_HOST: cannot listen on 192\.0\.2\.1/,
  )
})

test('closing answers what is under way, then takes no more', async () => {
  let letRedisAnswer: (value: unknown) => void = () => {}
  const asked = Promise.withResolvers<void>()
  const redis = new Promise((resolve) => {
    letRedisAnswer = resolve
  })
  const { server, ask } = await healthServer({
    pingRedis: () => {
      asked.resolve()
      return redis
    },
  })
  const underWay = ask('/ready', { headers: { connection: 'close' } })
  await asked.promise
  const closed = server.close()
  letRedisAnswer('PONG')
  expect((await underWay).status).toBe(200)
  await closed
  const refused = request({ host: '127.0.0.1', port: server.port, path: '/live' }).end()
  const [error] = await once(refused, 'error')
  expect(error.code).toBe('ECONNREFUSED')
})
