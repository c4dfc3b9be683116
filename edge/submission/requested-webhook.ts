import { ProblemError } from '../../shared/errors.ts'
import { WEBHOOK_EVENTS, type Webhook } from '../../shared/webhook.ts'
import type { UploadedPhotos } from '../photos-in-body.ts'

/** The webhook that a call asks for; of all events where it does not say. `origin`: the one it was made at. Throws ProblemError. */
export function requestedWebhook(
  { webhookUrl, webhookEvents }: Pick<UploadedPhotos, 'webhookUrl' | 'webhookEvents'>,
  origin: string,
): Webhook | undefined {
  if (webhookUrl === undefined) {
    if (webhookEvents === undefined) return undefined
    throw new ProblemError('invalid-request', '"webhook_events" is for a "webhook_url", which is missing.')
  }
  // Where receivers may be is for one rule to say, here and in the pool that sends: parseWebhookUrl takes this line's place.
  if (!/^https?:/.test(webhookUrl) || !URL.canParse(webhookUrl))
    throw new ProblemError('invalid-request', '"webhook_url" takes an absolute https:// URL.')
  return { url: webhookUrl, events: webhookEvents ?? [...WEBHOOK_EVENTS], origin }
}
