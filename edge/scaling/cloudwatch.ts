import { AwsClient } from 'aws4fetch'
import { queryAws } from '../../shared/aws-query.ts'
import type { Clock } from '../../shared/clock.ts'
import type { QueueDepth } from '../../shared/queue-depth.ts'
import { type DepthDestination, PUBLISH_TIMEOUT_MS } from './depth-destination.ts'

export interface CloudWatchSettings {
  endpoint: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  namespace: string
  /** Whether the depth of each model is published as well, each a metric that AWS charges for. */
  byModel: boolean
}

const METRIC = 'QueueDepth'
/** AWS takes 1,000 in one call; who has more models than this is told of those that come first. */
const MOST_MODELS = 900

/** Publishes `QueueDepth` to CloudWatch: in all without dimensions, and by `Model`. */
export class CloudWatch implements DepthDestination {
  readonly name = 'cloudwatch'
  readonly #settings: CloudWatchSettings
  readonly #clock: Pick<Clock, 'now'>
  readonly #client: AwsClient

  constructor(settings: CloudWatchSettings, clock: Pick<Clock, 'now'>) {
    this.#settings = settings
    this.#clock = clock
    const { accessKeyId, secretAccessKey, region } = settings
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 'monitoring' })
  }

  publish({ total, byModel }: QueueDepth, at: number): Promise<void> {
    const { endpoint, namespace } = this.#settings
    const models = this.#settings.byModel ? Object.entries(byModel).slice(0, MOST_MODELS) : []
    const data = [datum(total, at), ...models.map(([model, depth]) => datum(depth, at, model))]
    const parameters = Object.fromEntries(
      data.flatMap((fields, i) =>
        Object.entries(fields).map(([name, value]) => [`MetricData.member.${i + 1}.${name}`, value]),
      ),
    )
    const call = { Action: 'PutMetricData', Version: '2010-08-01', Namespace: namespace }
    return queryAws(this.#client, {
      ...{ endpoint, parameters: { ...call, ...parameters } },
      ...{ nowMs: this.#clock.now(), timeoutMs: PUBLISH_TIMEOUT_MS },
    })
  }
}

function datum(value: number, at: number, model?: string): Record<string, string> {
  return {
    MetricName: METRIC,
    Unit: 'Count',
    Value: String(value),
    Timestamp: new Date(at).toISOString(),
    ...(model !== undefined && { 'Dimensions.member.1.Name': 'Model', 'Dimensions.member.1.Value': model }),
  }
}
