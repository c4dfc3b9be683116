/**
 * `delivered`, `disabled` (410) and `given-up` end a webhook; `failed` is tried again. `skipped`: its event was not asked for, and `refused`:
 * its receiver had said 410 before; neither was sent.
 */
export const WEBHOOK_RESULTS = ['delivered', 'failed', 'given-up', 'disabled', 'skipped', 'refused'] as const
export type WebhookResult = (typeof WEBHOOK_RESULTS)[number]

/** Is told what becomes of webhooks. */
export interface WebhookObserver {
  webhook(result: WebhookResult): void
}
