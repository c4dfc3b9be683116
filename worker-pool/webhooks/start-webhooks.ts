import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Clock } from '../../shared/clock.ts'
import type { RedisCommands } from '../../shared/redis-commands.ts'
import type { RedisKeys } from '../../shared/redis-keys.ts'
import { RedisWebhookOutbox } from '../../shared/redis-webhook-outbox.ts'
import type { PoolEnv } from '../env.ts'
import { WebhookMetrics } from '../observe/webhook-metrics.ts'
import type { UntilGranted } from '../redis/until-granted.ts'
import { tendUnsendable } from './unsendable-webhooks.ts'
import { WebhookDelivering } from './webhook-delivery.ts'
import { createSendWebhook } from './webhook-request.ts'
import { WebhookSender } from './webhook-sender.ts'

export interface WebhookParts {
  redis: Pick<RedisCommands, 'run'>
  keys: RedisKeys
  untilGranted: UntilGranted
  clock: Clock
  /** Milliseconds, monotonic. */
  elapsed: () => number
  log: Logger
  /** Undefined where nobody could ask for them. */
  metrics: Registry | undefined
}

/** A pool's part in sending webhooks. */
export interface Webhooks {
  /** Jobs that have webhooks have ended: looks now. */
  kick(): void
  /** Takes once more what is due; requests may go on for `limitMs`, all else stays in Redis. Never rejects. */
  stop(limitMs: number): Promise<void>
}

/** Sends webhooks from now on. Without WEBHOOK_SECRET they wait for pools that have it, up to a day. */
export function startWebhooks(
  env: Pick<PoolEnv, 'WEBHOOK_SECRET' | 'WEBHOOK_ALLOW_PRIVATE'>,
  { redis, keys, metrics, ...parts }: WebhookParts,
): Webhooks {
  const { clock, log } = parts
  const outbox = new RedisWebhookOutbox(redis, keys)
  const { WEBHOOK_SECRET: masterSecret, WEBHOOK_ALLOW_PRIVATE: allowPrivate } = env
  if (masterSecret === undefined) {
    const stopping = new AbortController()
    void tendUnsendable(outbox, clock, log, stopping.signal)
    return { kick: () => {}, stop: async () => stopping.abort() }
  }
  const observer = metrics ? new WebhookMetrics(metrics) : { webhook: () => {} }
  const common = { ...parts, outbox, random: Math.random }
  const send = createSendWebhook({ allowPrivate, clock })
  const delivering = new WebhookDelivering({ ...common, send, masterSecret, observer })
  const sender = new WebhookSender({ ...common, delivering })
  sender.start()
  return sender
}
