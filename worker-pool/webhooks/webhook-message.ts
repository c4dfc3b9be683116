import { Webhook as Signer } from 'standardwebhooks'
import { toPublicJob } from '../../shared/public-job.ts'
import type { DueWebhook } from '../../shared/webhook-outbox.ts'
import { callerWebhookSecret } from '../../shared/webhook-secret.ts'

export interface WebhookMessage {
  body: string
  headers: Record<string, string>
}

/**
 * What a receiver is sent, by Standard Webhooks. Id and body are the same at every attempt, so that it can tell a repetition;
 * `sentAt` (ms) and the signature are not.
 */
export async function webhookMessage(
  { job, webhook }: DueWebhook,
  masterSecret: string,
  sentAt: number,
): Promise<WebhookMessage> {
  const id = `msg_${job.id}`
  const data = toPublicJob({ ...job, webhook_delivery: undefined }, { origin: webhook.origin })
  const body = JSON.stringify({ type: `job.${job.status}`, timestamp: data.completed_at, data })
  const signer = new Signer(await callerWebhookSecret(masterSecret, job.owner))
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'edgebatch-webhooks',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(sentAt / 1000)),
    'webhook-signature': signer.sign(id, new Date(sentAt), body),
  }
  return { body, headers }
}
