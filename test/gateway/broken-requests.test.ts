import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { metricValues } from '../support/metrics-text.ts'
import { RawConnection, statusesIn } from '../support/raw-http.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await testGateway(inject('redisUrl'), { GATEWAY_METRICS_PORT: '0' })
})
afterAll(() => gateway?.close())

const open = () => RawConnection.open(Number(new URL(gateway.url).port))

test.each([
  ['is no HTTP', 'garbage\r\n\r\n', 400],
  ['names no host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['has too long a header', `GET / HTTP/1.1\r\nHost: a\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
])('a request that %s is answered with an error as any other', async (_, request, status) => {
  const connection = await open()
  connection.send(request)
  const answer = await connection.untilClosed()
  expect(statusesIn(answer)).toEqual([status])
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
  expect(JSON.parse(body)).toEqual({ error: expect.stringMatching(/^ERR /) })
  expect(answer.toLowerCase()).toContain(`content-length: ${body.length}\r\n`)
  expect(answer.toLowerCase()).toContain('connection: close\r\n')
})

test('who was refused at the door has no second answer when his body breaks', async () => {
  const connection = await open()
  connection.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n')
  await connection.untilReceived('WRONGPASS')
  connection.send('zz\r\n')
  expect(statusesIn(await connection.untilClosed())).toEqual([401])
})

test('they are counted', async () => {
  const scraped = await fetch(`http://127.0.0.1:${gateway.service.ready.metricsPort}/metrics`)
  const values = metricValues(await scraped.text())
  expect(values.get('edgebatch_gateway_refused_total{reason="bad-request"}')).toBe(2)
  expect(values.get('edgebatch_gateway_refused_total{reason="too-large"}')).toBe(1)
})
