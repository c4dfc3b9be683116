import { Counter, type Registry } from 'prom-client'
import { WEBHOOK_RESULTS, type WebhookObserver, type WebhookResult } from '../webhooks/webhook-observer.ts'

/** Counts webhooks in `registry`. */
export class WebhookMetrics implements WebhookObserver {
  readonly #attempts: Counter<'outcome'>

  constructor(registry: Registry) {
    this.#attempts = new Counter({
      name: 'edgebatch_webhook_attempts_total',
      help: 'Webhooks that this pool sent, or had a reason not to, by what became of it',
      labelNames: ['outcome'],
      registers: [registry],
    })
    for (const outcome of WEBHOOK_RESULTS) this.#attempts.inc({ outcome }, 0)
  }

  webhook(outcome: WebhookResult): void {
    this.#attempts.inc({ outcome })
  }
}
