import { ProblemError } from '../../shared/errors.ts'
import { WEBHOOK_EVENTS, type Webhook } from '../../shared/webhook.ts'
import { parseWebhookUrl, type WebhookUrlRules } from '../../shared/webhook-url.ts'
import type { UploadedPhotos } from '../photos-in-body.ts'

/** The webhook that a call asks for; of all events where it does not say. `origin`: the one it was made at. Throws ProblemError. */
export function requestedWebhook(
  { webhookUrl, webhookEvents }: Pick<UploadedPhotos, 'webhookUrl' | 'webhookEvents'>,
  origin: string,
  rules: WebhookUrlRules,
): Webhook | undefined {
  if (webhookUrl === undefined) {
    if (webhookEvents === undefined) return undefined
    throw new ProblemError('invalid-request', '"webhook_events" is for a "webhook_url", which is missing.')
  }
  return {
    url: parseWebhookUrl(webhookUrl, rules).href,
    events: webhookEvents ?? [...WEBHOOK_EVENTS],
    origin,
  }
}
