import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { awsEndpoint, parametersOf, refuse } from '../support/aws-endpoint.ts'
import { googleEndpoint } from '../support/google-endpoint.ts'
import { example } from '../support/photos.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'the secret of AWS' }
const SCOPE = 'eu-central-1/monitoring'
const ON_NODE = inject('edgeRuntime') === 'node'

let stack: TestStack
afterEach(() => stack?.close())

const awsSettings = (url: string) => ({
  ...{ AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: KEYS.accessKeyId },
  ...{ AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey, CLOUDWATCH_ENDPOINT: url },
})
const googleSettings = ({ url, key }: { url: string; key: object }) => ({
  GCP_SERVICE_ACCOUNT_KEY: JSON.stringify(key),
  CLOUD_MONITORING_ENDPOINT: url,
})

/** An edge that is told every second on Node, and when the test says so in workerd. */
async function scalingStack(settings: Record<string, string>, pools = 0): Promise<TestStack> {
  const every = ON_NODE ? { SCALING_EVERY_SECONDS: '1' } : {}
  stack = await testStack({ pools, triggers: true, edgeBindings: { ...settings, ...every } })
  return stack
}

/** What became of the cron trigger's event; on Node there is none, and time brings the next one by itself. */
async function trigger(): Promise<string> {
  if (ON_NODE) return 'ok'
  return (await stack.get('/cdn-cgi/local/scheduled?cron=*+*+*+*+*')).text()
}

async function untilLogged(what: string): Promise<string> {
  for (;;) {
    const log = await readFile(join(stack.folder, 'edge.log'), 'utf8')
    if (log.includes(what)) return log
  }
}

describe('every minute', () => {
  test('jobs that wait without a pool are published to both clouds', async () => {
    const [aws, google] = [await awsEndpoint({ keys: KEYS, scope: SCOPE }), await googleEndpoint()]
    await scalingStack({ ...awsSettings(aws.url), ...googleSettings(google), METRIC_BY_MODEL: 'true' }, 1)
    await stack.pools[0]?.stop()
    for (let i = 0; i < 3; i++)
      expect((await stack.predict(example('cat.jpg'), { headers: { prefer: 'respond-async' } })).status).toBe(
        202,
      )
    expect(await trigger()).toBe('ok')
    const isOf = (jobs: string) => {
      const sent = aws.received.map((request) => Object.fromEntries(parametersOf(request)))
      return sent.find((data) => data['MetricData.member.1.Value'] === jobs)
    }
    while (!isOf('3')) await aws.next()
    expect(isOf('3')).toMatchObject({
      ...{ Namespace: 'Edgebatch', 'MetricData.member.1.MetricName': 'QueueDepth' },
      'MetricData.member.2.Dimensions.member.1.Value': MODEL,
      'MetricData.member.2.Value': '3',
    })
    while (!google.received.some(({ body }) => String(body).includes('"int64Value":"3"'))) await google.next()
    expect((await (await stack.get('/stats')).json()) as object).toMatchObject({
      queue_depth: { total: 3, by_model: { [MODEL]: 3 } },
    })
  })

  test('a cloud that refuses keeps no other from being told, and is logged without a secret', async () => {
    const aws = await awsEndpoint({
      ...{ keys: KEYS, scope: SCOPE },
      answer: (_, response) => refuse(response, 403, 'AccessDenied', 'not authorized'),
    })
    const google = await googleEndpoint()
    await scalingStack({ ...awsSettings(aws.url), ...googleSettings(google) })
    if (!ON_NODE) expect(await trigger()).toBe('exception')
    while (!google.received.some(({ url }) => url.endsWith('/timeSeries'))) await google.next()
    const log = await untilLogged('PutMetricData: AccessDenied (HTTP 403): not authorized')
    for (const secret of [
      KEYS.secretAccessKey,
      'token-1',
      google.key.private_key.slice(40, 80),
      'PRIVATE KEY',
    ])
      expect(log).not.toContain(secret)
  })
})

test('without a cloud to tell, the cron trigger has nothing to fail at', async () => {
  await scalingStack({})
  expect(await trigger()).toBe('ok')
})

test.runIf(ON_NODE)('on Node, settings that do not belong together are told at the start', async () => {
  await expect(scalingStack({ AWS_REGION: 'eu-central-1' })).rejects.toThrow(
    'AWS_REGION: goes with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which are not set',
  )
})

test.runIf(!ON_NODE)(
  'in workerd, such settings fail the cron trigger by name, and photos are served on',
  async () => {
    await scalingStack({ AWS_REGION: 'eu-central-1' }, 1)
    expect(await trigger()).toBe('exception')
    await untilLogged('AWS_REGION: goes with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which are not set')
    expect((await stack.predict(example('cat.jpg'))).status).toBe(200)
  },
)
