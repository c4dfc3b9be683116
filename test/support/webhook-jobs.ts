import { Redis } from 'ioredis'
import { pino } from 'pino'
import { Webhook as Signature } from 'standardwebhooks'
import { inject, onTestFinished } from 'vitest'
import { newJobId } from '../../shared/job-id.ts'
import { RedisJobProducer } from '../../shared/redis-job-producer.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { RedisWebhookOutbox } from '../../shared/redis-webhook-outbox.ts'
import type { Webhook, WebhookDelivery } from '../../shared/webhook.ts'
import { callerWebhookSecret } from '../../shared/webhook-secret.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { createUntilGranted } from '../../worker-pool/redis/until-granted.ts'
import type { ResolveAll } from '../../worker-pool/webhooks/public-lookup.ts'
import { WebhookDelivering } from '../../worker-pool/webhooks/webhook-delivery.ts'
import type { WebhookResult } from '../../worker-pool/webhooks/webhook-observer.ts'
import { createSendWebhook, type SendWebhook } from '../../worker-pool/webhooks/webhook-request.ts'
import { WebhookSender } from '../../worker-pool/webhooks/webhook-sender.ts'
import { MODEL } from './queue.ts'
import { redisUrlOf } from './redis-users.ts'
import { StandingClock } from './standing-clock.ts'
import type { Received } from './webhook-receiver.ts'

export const MASTER_SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
export const OWNER = 'AbCdEf012345'

/** What was received, if its signature is the owner's; throws if not. */
export async function verifiedMessage({ body, headers }: Received, owner = OWNER) {
  const secret = await callerWebhookSecret(MASTER_SECRET, owner)
  return new Signature(secret).verify(body, headers as Record<string, string>) as {
    type: string
    timestamp: string
    data: unknown
  }
}

interface JobOptions {
  events?: Webhook['events']
  owner?: string
  /** Fields of its hash that are to be otherwise. */
  fields?: Record<string, string>
}

/** Jobs with webhooks, under a fresh key prefix, and senders of them. All ends with the test. */
export class WebhookJobs {
  readonly keys = new RedisKeys(`test:${crypto.randomUUID()}:`)
  readonly redis: Redis
  readonly outbox: RedisWebhookOutbox
  readonly producer: RedisJobProducer

  private constructor(observed: string, edge: RedisTcp, pool: RedisTcp) {
    this.redis = new Redis(observed, { protocol: 2 })
    this.outbox = new RedisWebhookOutbox(pool, this.keys)
    const policy = { maxBacklog: 100, deadlineMs: 60_000, resultTtlMs: 60_000 }
    this.producer = new RedisJobProducer(edge, this.keys, policy)
    onTestFinished(() => {
      edge.close()
      pool.close()
      this.redis.disconnect()
    })
  }

  /** Of the run's Redis by default, where edge and pools have no more rights than they need. */
  static async open(own?: string): Promise<WebhookJobs> {
    const edge = await RedisTcp.connect(own ?? redisUrlOf('edge'))
    const pool = await RedisTcp.connect(own ?? redisUrlOf('pool'))
    return new WebhookJobs(own ?? inject('redisUrl'), edge, pool)
  }

  /** A job that has just succeeded, its webhook due. Gives its id. */
  async ended(url: string, { events, owner = OWNER, fields = {} }: JobOptions = {}): Promise<string> {
    const id = newJobId(MODEL)
    const now = await this.nowMs()
    const webhook: Webhook = {
      url,
      events: events ?? ['succeeded', 'failed', 'canceled', 'expired'],
      origin: 'https://edge.example',
    }
    await this.redis.hset(this.keys.job(MODEL, id), {
      ...{ status: 'succeeded', model_version: '1', priority: 'normal', owner, attempt: 1 },
      ...{ created_at: now - 50, started_at: now - 20, completed_at: now },
      ...{ deadline: now + 60_000, result_ttl: 600_000, webhook: JSON.stringify(webhook) },
      predictions: JSON.stringify([{ label: 'cat', probability: 0.9, index: 3 }]),
      ...fields,
    })
    await this.redis.zadd(this.keys.webhooks(), now, id)
    return id
  }

  /** As if the time of its next attempt had come, and the lease of whoever holds it were over. */
  async makeDue(id: string): Promise<void> {
    const job = this.keys.job(MODEL, id)
    if (await this.redis.hexists(job, 'webhook_lease')) await this.redis.hset(job, 'webhook_lease', '1')
    await this.redis.zadd(this.keys.webhooks(), 0, id)
  }

  async delivery(id: string): Promise<WebhookDelivery | undefined> {
    const stored = await this.redis.hget(this.keys.job(MODEL, id), 'webhook_delivery')
    return stored === null ? undefined : JSON.parse(stored)
  }

  /** When it is due, by Redis' clock, or null if it is not any more. */
  async dueAt(id: string): Promise<number | null> {
    const score = await this.redis.zscore(this.keys.webhooks(), id)
    return score === null ? null : Number(score)
  }

  async nowMs(): Promise<number> {
    const [seconds, microseconds] = await this.redis.time()
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  }

  /** A sender as a pool has it, begun. Its clock stands. */
  sender({
    allowPrivate = true,
    resolveAll,
    ...own
  }: {
    allowPrivate?: boolean
    resolveAll?: ResolveAll
    send?: SendWebhook
  } = {}) {
    const clock = new StandingClock()
    const log = pino({ level: 'silent' })
    const results = new ResultQueue()
    const untilGranted = createUntilGranted(clock, log)
    const send = own.send ?? createSendWebhook({ allowPrivate, clock, ...(resolveAll && { resolveAll }) })
    const common = { outbox: this.outbox, clock, random: () => 0.5, log }
    const delivering = new WebhookDelivering({
      ...common,
      ...{ send, masterSecret: MASTER_SECRET, observer: results, untilGranted },
    })
    const sender = new WebhookSender({ ...common, delivering, elapsed: () => performance.now() })
    sender.start()
    onTestFinished(() => {
      const stopped = sender.stop(0)
      clock.wake(0)
      return stopped
    })
    return { sender, clock, results }
  }
}

/** What a sender said became of webhooks, in order. */
class ResultQueue {
  readonly #told: WebhookResult[] = []
  #waiting: ((result: WebhookResult) => void) | undefined

  webhook(result: WebhookResult): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) waiting(result)
    else this.#told.push(result)
  }

  next(): Promise<WebhookResult> {
    const told = this.#told.shift()
    if (told !== undefined) return Promise.resolve(told)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }
}
