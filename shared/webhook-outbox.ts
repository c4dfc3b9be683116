import type { Job } from './job.ts'
import type { Webhook, WebhookDelivery } from './webhook.ts'

/** A webhook that is due and that nobody else sends until its lease is over. */
export interface DueWebhook {
  /** As it ended: its status is terminal. */
  job: Job
  webhook: Webhook
  /** Comes back with what became of it. */
  lease: string
}

export interface TakenWebhooks {
  due: DueWebhook[]
  /** Ids of jobs that cannot be read; their webhooks are forgotten. */
  damaged: string[]
  /** When the next of all that are not told is due: in so many ms, not above 0 if one is already. Undefined if there is none. */
  nextDueInMs: number | undefined
}

/** What became of a webhook; the times of it are Redis' to say. */
export type WebhookOutcome = Omit<WebhookDelivery, 'next_attempt_at' | 'delivered_at'>

/** Webhooks that are to be sent. They stay here until they are told or given up, whoever dies meanwhile. */
export interface WebhookOutbox {
  /** Takes up to `max` of those that are due, on a lease; with 0 it only looks. Throws as all of RedisCommands does. */
  take(max: number): Promise<TakenWebhooks>
  /**
   * Writes the outcome into the job. `pending` is due again in `retryInMs`; all else is not sent again. `disabled` by a 410 of now
   * switches the receiver off for its owner, for a day. Nothing is written if the lease is another's meanwhile, or the job is gone.
   */
  settle(due: DueWebhook, outcome: WebhookOutcome, retryInMs?: number): Promise<void>
  /** Gives it back unsent, to be due in `inMs`. */
  release(due: DueWebhook, inMs: number): Promise<void>
  /** Whether the receiver has said 410 to a webhook of this owner within a day. */
  isOff(due: DueWebhook): Promise<boolean>
  /**
   * Looks at up to `max` of those that are due, past the first `skip` of them, and forgets those whose job is gone and those that nobody has
   * sent for a day. For where no pool takes them.
   */
  forget(skip: number, max: number): Promise<{ looked: number; forgotten: number }>
}

/** How long a taken webhook is nobody else's, in ms. An attempt takes less. */
export const WEBHOOK_LEASE_MS = 60_000
/** How long a receiver stays off that has said 410, in ms. */
export const WEBHOOK_OFF_MS = 86_400_000
/** One that has been due for so long without being taken is given up, in ms. */
export const WEBHOOK_OVERDUE_MS = 86_400_000
