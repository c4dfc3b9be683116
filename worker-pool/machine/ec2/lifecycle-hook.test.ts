import { describe, expect, test } from 'vitest'
import {
  type AwsEndpointOptions,
  awsEndpoint,
  parametersOf,
  refuse,
} from '../../../test/support/aws-endpoint.ts'
import { ec2Machine, ROLE } from '../../../test/support/ec2-machine.ts'
import { SleepingClock } from '../../../test/support/sleeping-clock.ts'
import { LifecycleHook, type LifecycleHookOptions } from './lifecycle-hook.ts'

interface Situation {
  state?: () => string | undefined
  metadata?: Record<string, string | undefined>
  aws?: Partial<AwsEndpointOptions>
  settings?: Partial<LifecycleHookOptions>
}

/** A hook of a machine, its group, and what it says. */
async function hookOf({
  state = () => 'Terminated',
  metadata = {},
  aws = {},
  settings = {},
}: Situation = {}) {
  const keys = { keys: ROLE, token: ROLE.token, scope: 'eu-central-1/autoscaling' }
  const [group, machine] = [
    await awsEndpoint({ ...keys, ...aws }),
    await ec2Machine({ state, changes: metadata }),
  ]
  // Sleeps take no time; the time of day is AWS'.
  const clock = Object.assign(new SleepingClock(), { now: () => Date.now() })
  const log: object[] = []
  const hook = new LifecycleHook({
    ...{ hookName: 'drain', groupName: undefined, endpoint: group.url, baseUrl: machine.url, clock },
    log: { info: (details, text) => log.push({ text, ...details }), warn: (details) => log.push(details) },
    ...settings,
  })
  const calls = () => group.received.map((request) => Object.fromEntries(parametersOf(request)))
  return { hook, clock, log, calls, never: new AbortController().signal }
}

const WHOM = {
  AutoScalingGroupName: 'our-group',
  LifecycleHookName: 'drain',
  InstanceId: 'i-0123456789abcdef0',
}

describe('a machine that has drained', () => {
  test('tells its group that it can go, as its role', async () => {
    const { hook, calls, never, log } = await hookOf()
    await hook.complete(never)
    expect(calls()).toEqual([
      {
        ...{ Action: 'CompleteLifecycleAction', Version: '2011-01-01', ...WHOM },
        LifecycleActionResult: 'CONTINUE',
      },
    ])
    expect(log).toMatchObject([{ text: expect.stringContaining('can go'), hook: 'drain' }])
  })

  test('tells the group that the settings name, though its metadata shows none', async () => {
    const metadata = { 'tags/instance/aws:autoscaling:groupName': undefined }
    const { hook, calls, never } = await hookOf({ metadata, settings: { groupName: 'named' } })
    await hook.complete(never)
    expect(calls()).toMatchObject([{ AutoScalingGroupName: 'named' }])
  })

  test.each(['InService', 'Standby', undefined])('tells nobody while it is to be %s', async (state) => {
    const { hook, calls, never, log } = await hookOf({ state: () => state })
    await hook.complete(never)
    expect([calls(), log]).toEqual([[], []])
  })

  test('tries again where AWS has a fault', async () => {
    let faults = 2
    const { hook, calls, never, log } = await hookOf({
      aws: {
        answer: (_, response) =>
          faults-- > 0 ? refuse(response, 500, 'InternalFailure', '') : response.end('<Response/>'),
      },
    })
    await hook.complete(never)
    expect(calls()).toHaveLength(3)
    expect(log).toMatchObject([{ text: expect.stringContaining('can go') }])
  })

  test.each([
    ['ValidationError', 'No active Lifecycle Action found with instance ID i-0123456789abcdef0'],
    ['AccessDenied', 'not authorized to perform: autoscaling:CompleteLifecycleAction'],
  ])('does not try again after %s, and says why', async (code, words) => {
    const { hook, calls, never, log } = await hookOf({
      aws: { answer: (_, response) => refuse(response, 400, code, words) },
    })
    await hook.complete(never)
    expect(calls()).toHaveLength(1)
    expect(log).toEqual([{ hook: 'drain', reason: `CompleteLifecycleAction: ${code} (HTTP 400): ${words}` }])
  })

  test.each<[string, Situation, RegExp]>([
    [
      'it has no role',
      { metadata: { 'iam/security-credentials/': undefined } },
      /no role: give it an instance profile/,
    ],
    [
      'its role has no credentials',
      { metadata: { 'iam/security-credentials/our-role': '{"Code":"Failed"}' } },
      /no credentials for the role/,
    ],
    [
      'nobody says which group',
      { metadata: { 'tags/instance/aws:autoscaling:groupName': undefined } },
      /set AUTOSCALING_GROUP_NAME, or enable instance_metadata_tags/,
    ],
    ['nobody answers', { settings: { endpoint: 'http://127.0.0.1:1' } }, /no answer from 127\.0\.0\.1:1/],
    ['its metadata server is away', { settings: { baseUrl: 'http://127.0.0.1:1' } }, /fetch failed/],
    ['its keys are wrong', { aws: { keys: { ...ROLE, secretAccessKey: 'x' } } }, /SignatureDoesNotMatch/],
    [
      'its clock is wrong',
      { aws: { now: () => Date.now() - 3_600_000 } },
      /RequestTimeTooSkewed .*clock is 3\d{3} s ahead of theirs/,
    ],
    ['its session is over', { aws: { token: 'another' } }, /InvalidClientTokenId/],
  ])(
    'gives up after three attempts where %s, without a secret in what it says',
    async (_, situation, why) => {
      const { hook, clock, never, log } = await hookOf(situation)
      await hook.complete(never)
      expect(clock.sleeps).toEqual([500, 500])
      expect(log).toMatchObject([{ reason: expect.stringMatching(why) }])
      for (const secret of [ROLE.secretAccessKey, ROLE.token])
        expect(JSON.stringify(log)).not.toContain(secret)
    },
  )

  test('takes no longer than it is given', async () => {
    const { hook, log } = await hookOf({ settings: { baseUrl: 'http://127.0.0.1:1' } })
    await hook.complete(AbortSignal.abort())
    expect(log).toHaveLength(1)
  })
})

describe('a machine that drains', () => {
  /** Beats until the clock has been slept on so often. */
  const beat = async (times: number, situation: Situation = {}) => {
    const own = await hookOf(situation)
    const drained = new AbortController()
    own.clock.onWake = () => own.clock.sleeps.length > times && drained.abort()
    await own.hook.keepWaiting(drained.signal)
    return own
  }

  test('has its group wait on, more often than any hook’s timeout', async () => {
    const { calls, clock, log } = await beat(3)
    expect(clock.sleeps).toEqual([15_000, 15_000, 15_000, 15_000])
    const call = { Action: 'RecordLifecycleActionHeartbeat', Version: '2011-01-01', ...WHOM }
    expect(calls()).toEqual([call, call, call])
    expect(log).toEqual([])
  })

  test('asks nobody to wait where its group is not the one that lets go of it', async () => {
    const { calls } = await beat(3, { state: () => 'InService' })
    expect(calls()).toEqual([])
  })

  test('goes on where the group is not reached, and says so once', async () => {
    const { log } = await beat(3, { aws: { answer: (_, response) => refuse(response, 500, 'Busy', '') } })
    expect(log).toEqual([{ hook: 'drain', reason: 'RecordLifecycleActionHeartbeat: Busy (HTTP 500)' }])
  })
})
