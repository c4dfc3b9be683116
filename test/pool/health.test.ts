import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { NodeService } from '../../local-stack/node-service.ts'
import { metricValues } from '../support/metrics-text.ts'
import { ownRedis } from '../support/own-redis.ts'
import { MODEL, newJob, newJobs, PoolQueue } from '../support/pool-queue.ts'

const ask = (pool: NodeService, path: string) => fetch(`http://127.0.0.1:${pool.ready.healthPort}${path}`)

test('a pool tells of its jobs, its model and its process', async () => {
  const queue = await PoolQueue.open()
  const pool = await queue.startPool({ HEALTH_PORT: '0' })
  const unreadable = newJob(9, { payload: 'AAAA' })
  await (await queue.enqueue([...newJobs(6), unreadable])).settled
  // The pool counts a batch once Redis has settled it.
  const text = async () => metricValues(await (await ask(pool, '/metrics')).text())
  const figure = (values: Map<string, number>, name: string, more = '') =>
    values.get(`${name}{model="${MODEL}",version="1"${more}}`)
  let values = await text()
  while (figure(values, 'edgebatch_inference_pending_request_count') !== 0) values = await text()

  expect(figure(values, 'edgebatch_inference_request_success_total')).toBe(6)
  const reason = ',reason="unreadable-input"'
  expect(figure(values, 'edgebatch_inference_request_failure_total', reason)).toBe(1)
  expect(figure(values, 'edgebatch_inference_count_total')).toBe(6)
  const batches = figure(values, 'edgebatch_inference_exec_count_total') ?? 0
  expect(batches).toBeGreaterThanOrEqual(2)
  for (const stage of ['gather', 'compute_input', 'wait', 'compute_infer', 'compute_output'])
    expect(figure(values, `edgebatch_inference_${stage}_duration_seconds_count`)).toBe(batches)
  for (const stage of ['request', 'queue'])
    expect(figure(values, `edgebatch_inference_${stage}_duration_seconds_count`)).toBe(7)
  const sum = (stage: string) => figure(values, `edgebatch_inference_${stage}_duration_seconds_sum`) ?? 0
  expect(sum('request')).toBeGreaterThan(sum('queue'))
  expect(sum('compute_infer')).toBeGreaterThan(0)
  expect(figure(values, 'edgebatch_model_info', ',task="classification"')).toBe(1)
  expect(values.get('process_start_time_seconds')).toBeGreaterThan(0)
  expect(values.has('nodejs_eventloop_lag_p99_seconds')).toBe(true)
})

test('a pool that has lost Redis is alive and not ready, until Redis is back', async () => {
  const redis = await ownRedis()
  const pool = await (await PoolQueue.open(redis.url)).startPool({ HEALTH_PORT: '0' })
  expect((await ask(pool, '/ready')).status).toBe(200)

  await redis.stop()
  let response = await ask(pool, '/ready')
  while (response.status === 200) response = await ask(pool, '/ready')
  expect(response.status).toBe(503)
  expect(await response.json()).toEqual({ status: 'not ready', reasons: ['redis away'] })
  expect((await ask(pool, '/live')).status).toBe(200)

  await ownRedis(Number(new URL(redis.url).port))
  while ((await ask(pool, '/ready')).status !== 200);
})

test('a pool whose port is taken does not start, and says what to set', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const queue = await PoolQueue.open()
  await expect(queue.startPool({ HEALTH_PORT: String(port) })).rejects.toThrow(
    `worker-pool: HEALTH_PORT: ${port} is taken on 127.0.0.1; choose another, or unset it`,
  )
})
