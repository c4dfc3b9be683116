import { readFile } from 'node:fs/promises'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { watchGpus } from './gpu-metrics.ts'
import { createMetricFamilies } from './metric-families.ts'
import { WebhookMetrics } from './webhook-metrics.ts'

const DOCUMENT = new URL('../../docs/observability.md', import.meta.url)

test('the document has a row for each metric, of its type, and asks for none that is not there', async () => {
  const registry = new Registry()
  createMetricFamilies(registry)
  watchGpus(registry, async () => [])
  new WebhookMetrics(registry)
  const metrics = (await registry.getMetricsAsJSON()).map(({ name, type }) => `${name} ${type}`)
  const text = await readFile(DOCUMENT, 'utf8')
  const rows = [...text.matchAll(/^\| `(edgebatch_(?!gateway_)\w+)` *\| (\w+)/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  )
  expect(rows.sort()).toEqual(metrics.sort())

  const names = metrics.map((metric) => metric.split(' ')[0])
  const asked = [...text.matchAll(/\b(edgebatch_(?!gateway_)\w+?)(_bucket|_sum)?[[{]/g)].map(
    ([, name]) => name,
  )
  expect(asked.length).toBeGreaterThan(8)
  for (const name of asked) expect(names).toContain(name)
})
