import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type GoogleEndpointOptions, googleEndpoint, json } from '../../test/support/google-endpoint.ts'
import { CloudMonitoring } from './cloud-monitoring.ts'

const AT = Date.parse('2026-03-01T08:22:00Z')
const DEPTH = { total: 42, byModel: { a: 40, 'b.c': 2 } }
const TYPE = 'custom.googleapis.com/edgebatch/queue_depth'

async function cloudMonitoring(options: GoogleEndpointOptions = {}, changes: object = {}) {
  const endpoint = await googleEndpoint(options)
  const clock = { at: Date.now(), now: () => clock.at }
  const settings = {
    ...{ endpoint: endpoint.url, key: endpoint.key, projectId: endpoint.key.project_id },
    ...{ metricType: TYPE, byModel: false },
    ...changes,
  }
  return { endpoint, clock, destination: new CloudMonitoring(settings, clock) }
}
type Monitoring = Awaited<ReturnType<typeof cloudMonitoring>>

const reasonOf = ({ destination }: Monitoring) =>
  destination.publish(DEPTH, AT).then(
    () => 'none',
    (error: Error) => error.message,
  )

describe('the depth', () => {
  test('is a point of a series of `global`, sent with a token for which the account’s key has signed', async () => {
    const { endpoint, destination } = await cloudMonitoring()
    await destination.publish(DEPTH, AT)
    expect(endpoint.received.map(({ url }) => url)).toEqual(['/token', '/v3/projects/our-project/timeSeries'])
    expect(JSON.parse(String(endpoint.received[1]?.body))).toEqual({
      timeSeries: [
        {
          metric: { type: TYPE },
          resource: { type: 'global', labels: { project_id: 'our-project' } },
          ...{ metricKind: 'GAUGE', valueType: 'INT64' },
          points: [{ interval: { endTime: '2026-03-01T08:22:00.000Z' }, value: { int64Value: '42' } }],
        },
      ],
    })
  })

  test('of each model is a series of another metric, with the label `model`', async () => {
    const { endpoint, destination } = await cloudMonitoring({}, { byModel: true })
    await destination.publish(DEPTH, AT)
    const { timeSeries } = JSON.parse(String(endpoint.received[1]?.body))
    expect(timeSeries).toMatchObject([
      { metric: { type: TYPE }, points: [{ value: { int64Value: '42' } }] },
      {
        metric: { type: `${TYPE}_by_model`, labels: { model: 'a' } },
        points: [{ value: { int64Value: '40' } }],
      },
      { metric: { labels: { model: 'b.c' } }, points: [{ value: { int64Value: '2' } }] },
    ])
  })
})

describe('a token', () => {
  test('is used until shortly before it is over', async () => {
    const { endpoint, destination, clock } = await cloudMonitoring()
    await destination.publish(DEPTH, AT)
    clock.at += 3_299_000
    await destination.publish(DEPTH, AT)
    expect(endpoint.tokens()).toBe(1)
    clock.at = Date.now() + 3_300_001
    // Signed anew, by a clock that Google would not believe: what counts is that it is asked.
    expect(await reasonOf({ endpoint, destination, clock })).toMatch(/^no access token: invalid_grant/)
  })

  test('that is refused is replaced the next time', async () => {
    const monitoring = await cloudMonitoring()
    await monitoring.destination.publish(DEPTH, AT)
    monitoring.endpoint.revokeTokens()
    expect(await reasonOf(monitoring)).toBe('timeSeries.create: UNAUTHENTICATED no such token (HTTP 401)')
    expect(await reasonOf(monitoring)).toBe('none')
    expect(monitoring.endpoint.tokens()).toBe(2)
  })

  test('is not given to the key of another account', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const other = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    const { endpoint, clock } = await cloudMonitoring()
    const key = { ...endpoint.key, private_key: other }
    const destination = new CloudMonitoring(
      { endpoint: endpoint.url, key, projectId: 'p', metricType: TYPE, byModel: false },
      clock,
    )
    expect(await reasonOf({ endpoint, clock, destination })).toBe(
      'no access token: invalid_grant Invalid JWT Signature.',
    )
  })

  test('is not given to a clock that is wrong, which the reason says', async () => {
    const monitoring = await cloudMonitoring()
    monitoring.clock.at -= 7_200_000
    expect(await reasonOf(monitoring)).toMatch(
      /^no access token: invalid_grant Invalid JWT: .*; this machine's clock is 7[12]\d\d s behind theirs: set it/,
    )
  })

  test('that comes from something that is not Google is none', async () => {
    const monitoring = await cloudMonitoring({}, {})
    const key = { ...monitoring.endpoint.key, token_uri: `${monitoring.endpoint.url}/nothing` }
    const destination = new CloudMonitoring(
      { endpoint: monitoring.endpoint.url, key, projectId: 'p', metricType: TYPE, byModel: false },
      monitoring.clock,
    )
    expect(await reasonOf({ ...monitoring, destination })).toMatch(
      /^no access token: the answer is none of Google/,
    )
  })
})

test('a refusal is told in Google’s words', async () => {
  const error = {
    code: 403,
    status: 'PERMISSION_DENIED',
    message: 'Permission monitoring.timeSeries.create denied',
  }
  const monitoring = await cloudMonitoring({ answer: (_, response) => json(response, 403, { error }) })
  expect(await reasonOf(monitoring)).toBe(
    'timeSeries.create: PERMISSION_DENIED Permission monitoring.timeSeries.create denied (HTTP 403)',
  )
})
