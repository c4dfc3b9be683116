import { describe, expect, test } from 'vitest'
import type { QueueDepth } from '../../shared/queue-depth.ts'
import {
  type AwsEndpointOptions,
  awsEndpoint,
  parametersOf,
  refuse,
} from '../../test/support/aws-endpoint.ts'
import { CloudWatch } from './cloudwatch.ts'

const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a/secret+that=nobody sees' }
const AT = Date.parse('2026-03-01T08:22:00Z')
const DEPTH = { total: 42, byModel: { a: 40, 'b.c': 2 } }

async function cloudWatch(options: Partial<AwsEndpointOptions> = {}, settings: object = {}, nowMs?: number) {
  const endpoint = await awsEndpoint({ keys, scope: 'eu-central-1/monitoring', ...options })
  const own = { endpoint: endpoint.url, region: 'eu-central-1', namespace: 'Our/Edgebatch', byModel: false }
  const clock = { now: () => nowMs ?? Date.now() }
  return { endpoint, destination: new CloudWatch({ ...own, ...keys, ...settings }, clock) }
}

const parametersSent = async (settings: object, depth: QueueDepth = DEPTH) => {
  const { endpoint, destination } = await cloudWatch({}, settings)
  await destination.publish(depth, AT)
  return Object.fromEntries(parametersOf(await endpoint.next()))
}

describe('the depth', () => {
  test('is published as QueueDepth, with a signature that AWS takes', async () => {
    expect(await parametersSent({})).toEqual({
      ...{ Action: 'PutMetricData', Version: '2010-08-01', Namespace: 'Our/Edgebatch' },
      'MetricData.member.1.MetricName': 'QueueDepth',
      'MetricData.member.1.Unit': 'Count',
      'MetricData.member.1.Value': '42',
      'MetricData.member.1.Timestamp': '2026-03-01T08:22:00.000Z',
    })
  })

  test('of each model has the dimension Model', async () => {
    expect(await parametersSent({ byModel: true })).toMatchObject({
      'MetricData.member.1.Value': '42',
      'MetricData.member.2.Value': '40',
      'MetricData.member.2.Dimensions.member.1.Name': 'Model',
      'MetricData.member.2.Dimensions.member.1.Value': 'a',
      'MetricData.member.3.Value': '2',
      'MetricData.member.3.Dimensions.member.1.Value': 'b.c',
    })
  })

  test('of more models than AWS takes at once is cut, and that in all is there', async () => {
    const byModel = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`m${i}`, 1]))
    const sent = await parametersSent({ byModel: true }, { total: 2_000, byModel })
    const members = new Set(Object.keys(sent).map((name) => /member\.(\d+)/.exec(name)?.[1]))
    members.delete(undefined)
    expect(members.size).toBeLessThanOrEqual(1_000)
    expect(sent['MetricData.member.1.Value']).toBe('2000')
  })
})

describe('a refusal', () => {
  const reasonOf = async (options: Partial<AwsEndpointOptions>, settings: object = {}, nowMs?: number) => {
    const { destination } = await cloudWatch(options, settings, nowMs)
    return destination.publish(DEPTH, AT).then(
      () => 'none',
      (error: Error) => error.message,
    )
  }

  test('of a wrong key is told by its code, and quotes nothing of what was signed', async () => {
    const reason = await reasonOf({}, { secretAccessKey: 'another secret' })
    expect(reason).toBe('PutMetricData: SignatureDoesNotMatch (HTTP 403)')
  })

  test('of a right that is missing is told in AWS’ words', async () => {
    const words = 'User: arn:aws:iam::1:user/edge is not authorized to perform: cloudwatch:PutMetricData'
    expect(await reasonOf({ answer: (_, response) => refuse(response, 403, 'AccessDenied', words) })).toBe(
      `PutMetricData: AccessDenied (HTTP 403): ${words}`,
    )
  })

  test.each([
    [900_000, '900 s ahead of'],
    [-1_800_000, '1800 s behind'],
  ])('by a clock from which ours is %d ms away names the clock', async (differenceMs, words) => {
    const reason = await reasonOf({ now: () => AT }, {}, AT + differenceMs)
    expect(reason).toBe(
      `PutMetricData: RequestTimeTooSkewed (HTTP 403); this machine's clock is ${words} theirs: set it, signatures are not taken otherwise`,
    )
  })

  test('that is no answer of AWS is told by its status', async () => {
    const reason = await reasonOf({ answer: (_, response) => response.writeHead(502).end('<html>oops') })
    expect(reason).toBe('PutMetricData: refused (HTTP 502)')
  })

  test('to connect is told with the host', async () => {
    const { destination } = await cloudWatch({}, { endpoint: 'http://127.0.0.1:1' })
    await expect(destination.publish(DEPTH, AT)).rejects.toThrow(
      /^PutMetricData: no answer from 127\.0\.0\.1:1 \(/,
    )
  })
})
