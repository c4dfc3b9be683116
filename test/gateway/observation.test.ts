import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OwnRedis } from '../../local-stack/redis-server.ts'
import { openStream } from '../support/event-stream.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { metricValues } from '../support/metrics-text.ts'
import { startOwnRedis } from '../support/own-redis.ts'

let redis: OwnRedis
let gateway: TestGateway

beforeAll(async () => {
  redis = await startOwnRedis()
  gateway = await testGateway(redis.url, { GATEWAY_METRICS_PORT: '0', LOG_LEVEL: 'trace' })
})
afterAll(async () => {
  await gateway.close()
  await redis.stop()
})

const metricsUrl = () => `http://127.0.0.1:${gateway.service.ready.metricsPort}`
const metricsText = async () => (await fetch(`${metricsUrl()}/metrics`)).text()
const figure = async (name: string) => {
  // Those of Node are no numbers at times.
  const ours = (await metricsText()).split('\n').filter((line) => line.startsWith('edgebatch_'))
  return Number(metricValues(ours.join('\n')).get(`edgebatch_gateway_${name}`))
}

describe('metrics', () => {
  test('tell of commands, time and bytes by family', async () => {
    await gateway.post('/', ['SET', 'key', 'value'])
    const body = JSON.stringify([
      ['HSET', 'hash', 'field', 'value'],
      ['HGETALL', 'key'],
      ['HGET', 'hash', 'field'],
    ])
    const answer = await (await gateway.post('/pipeline', body)).text()
    expect(await figure('commands_total{family="string"}')).toBe(1)
    expect(await figure('commands_total{family="hash"}')).toBe(3)
    expect(await figure('command_errors_total{family="hash"}')).toBe(1)
    expect(await figure('request_duration_seconds_count{family="hash"}')).toBe(1)
    expect(await figure('request_duration_seconds_sum{family="hash"}')).toBeGreaterThan(0)
    expect(await figure('request_bytes_total{family="hash"}')).toBe(body.length)
    expect(await figure('response_bytes_total{family="hash"}')).toBe(answer.length)
  })

  test('tell what is open, and of the event loop', async () => {
    const stream = await openStream(gateway, '/subscribe/channel')
    await stream.next()
    expect(await figure('streams')).toBe(1)
    expect(await figure('subscriptions')).toBe(1)
    expect(await figure('connections')).toBeGreaterThan(0)
    expect(await metricsText()).toContain('nodejs_eventloop_lag_p99_seconds')
    stream.leave()
    while ((await figure('streams')) > 0);
    expect(await figure('subscriptions')).toBe(0)
  })

  test('tell what was refused', async () => {
    await fetch(`${gateway.url}/get/key`)
    await gateway.post('/', '[')
    await gateway.post('/', 'x'.repeat(11 * 1024 * 1024)).catch(() => {})
    expect(await figure('refused_total{reason="unauthorized"}')).toBe(1)
    expect(await figure('refused_total{reason="bad-request"}')).toBe(1)
    expect(await figure('refused_total{reason="too-large"}')).toBe(1)
  })

  test('are on their own port only, whatever token is shown', async () => {
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(401)
    const response = await fetch(`${gateway.url}/metrics?_token=${gateway.token}`)
    expect(response.status).toBe(400)
    expect(await response.text()).not.toContain('edgebatch_gateway')
  })
})

test('live and ready need no token, on either port', async () => {
  for (const url of [gateway.url, metricsUrl()]) {
    for (const path of ['/live', '/ready']) expect((await fetch(url + path)).status).toBe(200)
  }
  expect((await fetch(`${metricsUrl()}/get/key`)).status).toBe(404)
})

const SECRETS = ['key', 'value', 'command', 'token', 'channel', 'broken', 'binary', 'script', 'header'].map(
  (name) => `planted-${name}-${crypto.randomUUID()}`,
)

test('log and metrics tell no key, no value, no token, and no made-up command, also when Redis goes away', async () => {
  const [key, value, command, token, channel, broken, binary, script, header] = SECRETS as [
    string,
    ...string[],
  ]
  const authorization = `Bearer ${gateway.token}`
  const send = async (path: string, body?: unknown, headers?: Record<string, string>) => {
    await gateway.post(path, body, headers).then((response) => response.text())
  }
  await send('/', ['SET', key, value])
  await send('/pipeline', [
    ['LPUSH', key, value],
    [command, key],
    ['EVAL', `error('${script}')`, 1, key],
  ])
  await send('/multi-exec', [['GET', key], [command]])
  await send(`/${command}/${key}`, '')
  await send(`/set/${key}?EX=${value}`, Buffer.from(`${binary}\xff`, 'latin1').toString('latin1'))
  await send('/', `["SET", "${broken}`)
  await send('/', ['GET', { [broken as string]: 1 }])
  await send('/', ['GET', key], { 'upstash-encoding': header as string })
  await send(`/get/${key}?_token=${token}`, '', { authorization: `Bearer ${token}` })
  const stream = await openStream(gateway, `/subscribe/${channel}`)
  await stream.next()
  await send('/', ['PUBLISH', channel, value])
  await stream.next()
  await unfinished(
    `POST /${command} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-length: 99\r\n\r\n${broken}`,
  )
  const hanging = send('/', ['EVAL', `while true do redis.call('GET', '${script}') end`, 1, key])
  await redis.stop()
  await hanging
  await send('/', ['GET', key])
  // Of each attempt to connect again.
  while (!(await gateway.log()).includes('"redis connection"'));
  const told = (await gateway.log()) + (await metricsText())
  for (const line of ['"served"', '"refused"', '"request failed"', '"redis connection"'])
    expect(told).toContain(line)
  for (const secret of [...SECRETS, gateway.token]) {
    expect(told).not.toContain(secret)
    expect(told).not.toContain(Buffer.from(secret).toString('base64').slice(0, 40))
  }
})

/** Sends the beginning of a request, and goes. */
async function unfinished(text: string): Promise<void> {
  const { hostname, port } = new URL(gateway.url)
  const client = connect(Number(port), hostname)
  client.write(text)
  client.end()
  client.resume()
  await once(client, 'close')
}
