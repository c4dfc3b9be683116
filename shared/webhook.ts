import * as z from 'zod'

/** What a job's webhook can be told of: that the job ended so. */
export const WEBHOOK_EVENTS = ['succeeded', 'failed', 'canceled', 'expired'] as const
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number]

/** What a request asks for. Field `webhook` of the job's hash holds it, as JSON. */
export const webhookSchema = z.object({
  url: z.string(),
  events: z.array(z.enum(WEBHOOK_EVENTS)).min(1),
  /** Scheme and host that the caller used: the job that is sent links to itself with it. */
  origin: z.string(),
})
export type Webhook = z.infer<typeof webhookSchema>

/**
 * How far a delivery has come. Field `webhook_delivery` of the job's hash holds it, as JSON; a job that has none yet is waiting.
 * `disabled`: the receiver has said 410, now or before. `skipped`: the event was not asked for.
 */
export const webhookDeliverySchema = z.object({
  status: z.enum(['pending', 'delivered', 'failed', 'disabled', 'skipped']),
  attempts: z.int().nonnegative(),
  /** HTTP status of the last attempt; null where none came. */
  last_status: z.int().nullable(),
  /** Why the last attempt failed, in our words; never what the receiver said. */
  last_error: z.string().nullable(),
  /** By Redis' clock, ms. */
  next_attempt_at: z.int().nullable(),
  delivered_at: z.int().nullable(),
})
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>
