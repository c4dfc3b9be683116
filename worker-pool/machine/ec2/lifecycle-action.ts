import { AwsClient } from 'aws4fetch'
import * as z from 'zod'
import { queryAws } from '../../../shared/aws-query.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Ec2Metadata } from './ec2-metadata.ts'

export interface LifecycleActionSettings {
  hookName: string
  /** Undefined: as the machine's tag says, which its metadata must show then. */
  groupName: string | undefined
  /** Undefined: AWS' own in the machine's region. */
  endpoint: string | undefined
}

const CALL_TIMEOUT_MS = 2_000
/** Where metadata has what AWS puts on each instance of a group. */
const GROUP_TAG = 'tags/instance/aws:autoscaling:groupName'
const ROLES = 'iam/security-credentials/'

const credentialsSchema = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  Token: z.string().min(1),
})

/** What of the machine a call needs: who signs, whom for. */
interface Machine {
  client: AwsClient
  endpoint: string
  whom: Record<'AutoScalingGroupName' | 'LifecycleHookName' | 'InstanceId', string>
}

/**
 * Speaks to Auto Scaling of this very machine's lifecycle action, as the machine's role. Calls reject with words that may be logged. Everything
 * about the machine is read for each call: credentials of a role change every few hours.
 */
export class LifecycleAction {
  readonly #metadata: Ec2Metadata
  readonly #settings: LifecycleActionSettings
  readonly #clock: Pick<Clock, 'now'>

  constructor(metadata: Ec2Metadata, settings: LifecycleActionSettings, clock: Pick<Clock, 'now'>) {
    this.#metadata = metadata
    this.#settings = settings
    this.#clock = clock
  }

  /** The group is to wait for another timeout of its hook. */
  heartbeat(signal: AbortSignal): Promise<void> {
    return this.#call('RecordLifecycleActionHeartbeat', {}, signal)
  }

  /** The group need not wait any more. */
  complete(signal: AbortSignal): Promise<void> {
    return this.#call('CompleteLifecycleAction', { LifecycleActionResult: 'CONTINUE' }, signal)
  }

  async #call(action: string, parameters: Record<string, string>, signal: AbortSignal): Promise<void> {
    const { client, endpoint, whom } = await this.#machine(signal)
    await queryAws(client, {
      endpoint,
      parameters: { Action: action, Version: '2011-01-01', ...whom, ...parameters },
      ...{ nowMs: this.#clock.now(), timeoutMs: CALL_TIMEOUT_MS },
    })
  }

  async #machine(signal: AbortSignal): Promise<Machine> {
    const { groupName, hookName, endpoint } = this.#settings
    const [region, instance, group, client] = await Promise.all([
      this.#value('placement/region', signal),
      this.#value('instance-id', signal),
      groupName ?? this.#group(signal),
      this.#credentials(signal),
    ])
    return {
      client: new AwsClient({ ...client, region, service: 'autoscaling' }),
      endpoint: endpoint ?? `https://autoscaling.${region}.amazonaws.com`,
      whom: { AutoScalingGroupName: group, LifecycleHookName: hookName, InstanceId: instance },
    }
  }

  async #group(signal: AbortSignal): Promise<string> {
    const group = await this.#metadata.read(GROUP_TAG, signal)
    if (group === undefined)
      throw new Error(
        "the metadata server does not show the group's name: set AUTOSCALING_GROUP_NAME, or enable instance_metadata_tags",
      )
    return group.trim()
  }

  async #credentials(signal: AbortSignal) {
    const [role = ''] = ((await this.#metadata.read(ROLES, signal)) ?? '').trim().split('\n')
    if (role === '') throw new Error('this machine has no role: give it an instance profile')
    const parsed = credentialsSchema.safeParse(asJson(await this.#value(`${ROLES}${role}`, signal)))
    if (!parsed.success) throw new Error('the metadata server gives no credentials for the role')
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken } = parsed.data
    return { accessKeyId, secretAccessKey, sessionToken }
  }

  async #value(path: string, signal: AbortSignal): Promise<string> {
    const value = await this.#metadata.read(path, signal)
    if (value === undefined) throw new Error(`the metadata server has no ${path}`)
    return value.trim()
  }
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
