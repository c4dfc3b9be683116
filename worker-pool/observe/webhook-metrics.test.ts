import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { metricValues } from '../../test/support/metrics-text.ts'
import { WebhookMetrics } from './webhook-metrics.ts'

test('webhooks are counted by what became of them, each from 0', async () => {
  const registry = new Registry()
  const metrics = new WebhookMetrics(registry)
  metrics.webhook('delivered')
  const name = (outcome: string) => `edgebatch_webhook_attempts_total{outcome="${outcome}"}`
  expect([...metricValues(await registry.metrics())]).toEqual([
    [name('delivered'), 1],
    ...['failed', 'given-up', 'disabled', 'skipped', 'refused'].map((outcome) => [name(outcome), 0]),
  ])
})
