import { ProblemError } from '../../shared/errors.ts'
import { WEBHOOK_EVENTS, type Webhook } from '../../shared/webhook.ts'
import { parseWebhookUrl, type WebhookUrlRules } from '../../shared/webhook-url.ts'
import type { UploadedPhotos } from '../photos-in-body.ts'

type WebhookFields = Pick<UploadedPhotos, 'webhookUrl' | 'webhookEvents'>

/**
 * The webhook that a call asks for, in its body or in its query, which is where one with an image as its body can; of all events where it
 * does not say. `origin`: the one it was made at. Throws ProblemError.
 */
export function requestedWebhook(
  inBody: WebhookFields,
  inQuery: WebhookFields,
  origin: string,
  rules: WebhookUrlRules,
): Webhook | undefined {
  if (asks(inBody) && asks(inQuery))
    throw new ProblemError(
      'invalid-request',
      'A webhook is asked for in the body or in the query, not in both.',
    )
  const { webhookUrl, webhookEvents } = asks(inBody) ? inBody : inQuery
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

function asks({ webhookUrl, webhookEvents }: WebhookFields): boolean {
  return webhookUrl !== undefined || webhookEvents !== undefined
}
