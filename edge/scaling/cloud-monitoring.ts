import * as z from 'zod'
import type { Clock } from '../../shared/clock.ts'
import { clockSkewHint } from '../../shared/clock-skew.ts'
import type { QueueDepth } from '../../shared/queue-depth.ts'
import { type DepthDestination, PUBLISH_TIMEOUT_MS } from './depth-destination.ts'
import { ServiceAccount, type ServiceAccountKey } from './service-account.ts'

export interface CloudMonitoringSettings {
  endpoint: string
  projectId: string
  key: ServiceAccountKey
  /** `custom.googleapis.com/...`; by model it has `_by_model` at its end and a label `model`. */
  metricType: string
  byModel: boolean
}

/** Google takes 200 in one call; who has more models than this is told of those that come first. */
const MOST_MODELS = 190

const refusalSchema = z.object({ error: z.object({ status: z.string(), message: z.string() }) })

/**
 * Publishes the depth to Google's Cloud Monitoring. As a series of `global`, since an autoscaler that may scale to zero needs one that is no
 * instance's.
 */
export class CloudMonitoring implements DepthDestination {
  readonly name = 'cloud-monitoring'
  readonly #settings: CloudMonitoringSettings
  readonly #clock: Pick<Clock, 'now'>
  readonly #account: ServiceAccount

  constructor(settings: CloudMonitoringSettings, clock: Pick<Clock, 'now'>) {
    this.#settings = settings
    this.#clock = clock
    this.#account = new ServiceAccount(settings.key, clock)
  }

  async publish({ total, byModel }: QueueDepth, at: number): Promise<void> {
    const { endpoint, projectId, metricType } = this.#settings
    const models = this.#settings.byModel ? Object.entries(byModel).slice(0, MOST_MODELS) : []
    const timeSeries = [
      this.#series({ type: metricType }, total, at),
      ...models.map(([model, depth]) =>
        this.#series({ type: `${metricType}_by_model`, labels: { model } }, depth, at),
      ),
    ]
    const authorization = `Bearer ${await this.#account.token()}`
    const answer = await fetch(`${endpoint}/v3/projects/${encodeURIComponent(projectId)}/timeSeries`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ timeSeries }),
      signal: AbortSignal.timeout(PUBLISH_TIMEOUT_MS),
    })
    const text = await answer.text().catch(() => '')
    if (answer.ok) return
    if (answer.status === 401) this.#account.forgetToken()
    const hint = clockSkewHint(answer, this.#clock.now())
    throw new Error(`timeSeries.create: ${refusal(text)} (HTTP ${answer.status})${hint}`)
  }

  #series(metric: { type: string; labels?: Record<string, string> }, value: number, at: number) {
    return {
      metric,
      resource: { type: 'global', labels: { project_id: this.#settings.projectId } },
      metricKind: 'GAUGE',
      valueType: 'INT64',
      points: [{ interval: { endTime: new Date(at).toISOString() }, value: { int64Value: String(value) } }],
    }
  }
}

function refusal(text: string): string {
  try {
    const { error } = refusalSchema.parse(JSON.parse(text))
    return `${error.status} ${error.message}`.slice(0, 200)
  } catch {
    return 'refused'
  }
}
