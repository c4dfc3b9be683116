import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { CloudMonitoring } from '../../edge/scaling/cloud-monitoring.ts'
import { scalingEnvSchema } from '../../edge/scaling/env.ts'
import { publicStatsSchema } from '../../shared/public-stats.ts'
import { googleEndpoint } from '../../test/support/google-endpoint.ts'
import { IDLE_STATS } from '../../test/support/idle-stats.ts'

const AT = Date.parse('2026-03-01T08:22:00Z')
const [, stats, publish] = parse(
  readFileSync(join(import.meta.dirname, 'publish-depth.workflow.yaml'), 'utf8'),
).main.steps

test('a workflow publishes what the edge would with a key', async () => {
  const google = await googleEndpoint()
  const { GCP_METRIC_TYPE: metricType } = scalingEnvSchema.parse({})
  const projectId = google.key.project_id
  const settings = { endpoint: google.url, key: google.key, projectId, metricType, byModel: false }
  const answer = publicStatsSchema.parse({
    ...IDLE_STATS,
    queue_depth: { total: 42, by_model: { m: 42 } },
  })
  await new CloudMonitoring(settings, { now: Date.now }).publish({ total: 42, byModel: { m: 42 } }, AT)
  const byEdge = google.received.at(-1)

  const values: Record<string, string> = {
    '${sys.get_env("GOOGLE_CLOUD_PROJECT_ID")}': projectId,
    '${time.format(sys.now())}': new Date(AT).toISOString(),
    '${string(stats.body.queue_depth.total)}': String(answer.queue_depth.total),
  }
  const replaced = (_: string, value: unknown) =>
    typeof value === 'string' ? (values[value] ?? value) : value
  expect(JSON.parse(JSON.stringify(publish.publish.args.body, replaced))).toEqual(
    JSON.parse(String(byEdge?.body)),
  )
  const [before, after] = publish.publish.args.url.split('sys.get_env("GOOGLE_CLOUD_PROJECT_ID")')
  expect(before).toContain('"https://monitoring.googleapis.com/v3/projects/"')
  expect(byEdge?.url).toBe(`/v3/projects/${projectId}/timeSeries`)
  expect(after).toContain('"/timeSeries"')
  expect(stats.stats.args.url).toContain('"/stats"')
})
