import { type Job, parseStoredJob } from './job.ts'
import { modelOfJobId } from './job-id.ts'
import { isTerminal } from './job-state.ts'
import type { RedisCommands, RedisReply } from './redis-commands.ts'
import type { RedisKeys } from './redis-keys.ts'
import { forgetWebhooksScript } from './scripts/forget-webhooks.ts'
import { settleWebhookScript } from './scripts/settle-webhook.ts'
import { takeWebhooksScript } from './scripts/take-webhooks.ts'
import { webhookReceiverOffScript } from './scripts/webhook-receiver-off.ts'
import { sha256Hex } from './sha256.ts'
import {
  type DueWebhook,
  type TakenWebhooks,
  WEBHOOK_LEASE_MS,
  WEBHOOK_OFF_MS,
  WEBHOOK_OVERDUE_MS,
  type WebhookOutbox,
  type WebhookOutcome,
} from './webhook-outbox.ts'

type TakeReply = [nowMs: number, nextDueInMs: number, ...[id: string, lease: string, fields: string[]][]]

/** `eb:webhooks`, as finish and enqueue fill it. */
export class RedisWebhookOutbox implements WebhookOutbox {
  readonly #redis: Pick<RedisCommands, 'run'>
  readonly #keys: RedisKeys

  constructor(redis: Pick<RedisCommands, 'run'>, keys: RedisKeys) {
    this.#redis = redis
    this.#keys = keys
  }

  async take(max: number): Promise<TakenWebhooks> {
    const args = [this.#keys.prefix, max, WEBHOOK_LEASE_MS]
    const reply = await this.#redis.run(takeWebhooksScript, [this.#keys.webhooks()], args)
    const [nowMs, nextDueInMs, ...taken] = reply as TakeReply
    const due: DueWebhook[] = []
    const damaged: string[] = []
    for (const [id, lease, fields] of taken) {
      const job = readEnded(id, fields, nowMs)
      if (job?.webhook) due.push({ job, webhook: job.webhook, lease })
      else {
        damaged.push(id)
        await this.#write({ id, lease, owner: '', url: '' }, '', '', '')
      }
    }
    return { due, damaged, nextDueInMs: nextDueInMs < 0 ? undefined : nextDueInMs }
  }

  async settle(due: DueWebhook, outcome: WebhookOutcome, retryInMs?: number): Promise<void> {
    const saysGone = outcome.status === 'disabled' && outcome.last_status === 410
    const offMs = saysGone ? WEBHOOK_OFF_MS : ''
    await this.#write(targetOf(due), JSON.stringify(outcome), retryInMs ?? '', offMs)
  }

  async release(due: DueWebhook, inMs: number): Promise<void> {
    await this.#write(targetOf(due), '', inMs, '')
  }

  async isOff({ job, webhook }: DueWebhook): Promise<boolean> {
    const mark = await this.#offKey(job.owner, webhook.url)
    return (await this.#redis.run(webhookReceiverOffScript, [mark], [])) === 1
  }

  async forget(skip: number, max: number): Promise<{ looked: number; forgotten: number }> {
    const args = [this.#keys.prefix, skip, max, WEBHOOK_OVERDUE_MS]
    const reply = await this.#redis.run(forgetWebhooksScript, [this.#keys.webhooks()], args)
    const [looked, forgotten] = reply as [number, number]
    return { looked, forgotten }
  }

  async #write(
    { id, lease, owner, url }: { id: string; lease: string; owner: string; url: string },
    delivery: string,
    again: number | '',
    offMs: number | '',
  ): Promise<void> {
    const job = this.#keys.job(modelOfJobId(id) ?? '', id)
    const keys = [this.#keys.webhooks(), job, await this.#offKey(owner, url)]
    await this.#redis.run(settleWebhookScript, keys, [id, lease, delivery, again, offMs])
  }

  async #offKey(owner: string, url: string): Promise<string> {
    return this.#keys.webhookOff(await sha256Hex(`${owner}\0${url}`))
  }
}

function targetOf({ job, webhook, lease }: DueWebhook) {
  return { id: job.id, lease, owner: job.owner, url: webhook.url }
}

/** Undefined if it cannot be told of: its hash is damaged, or from a newer pool. */
function readEnded(id: string, flat: readonly RedisReply[], nowMs: number): Job | undefined {
  const pairs = Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]])
  try {
    const job = parseStoredJob(id, modelOfJobId(id) ?? '', Object.fromEntries(pairs), nowMs)
    return isTerminal(job.status) ? job : undefined
  } catch {
    return undefined
  }
}
