import { systemClock } from '../../shared/clock.ts'
import { RedisHistory } from '../../shared/redis-history.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { RedisQueueLengths } from '../../shared/redis-queue-lengths.ts'
import type { EdgeEnv } from '../env.ts'
import { RedisRest } from '../redis-rest.ts'
import { CloudMonitoring } from './cloud-monitoring.ts'
import { CloudWatch } from './cloudwatch.ts'
import type { DepthDestination } from './depth-destination.ts'
import { DepthReporter, type DepthReporterDeps } from './depth-reporter.ts'
import type { ScalingEnv } from './env.ts'

/** Who reports the depth, as settings say. For entry files. */
export function composeScaling(
  edge: Pick<
    EdgeEnv,
    | 'UPSTASH_REDIS_REST_URL'
    | 'UPSTASH_REDIS_REST_TOKEN'
    | 'REDIS_TIMEOUT_MS'
    | 'KEY_PREFIX'
    | 'SCALE_TO_ZERO_AFTER_SECONDS'
  >,
  env: ScalingEnv,
  parts: Pick<DepthReporterDeps, 'everyMs' | 'logFailure'>,
): DepthReporter {
  const address = { url: edge.UPSTASH_REDIS_REST_URL, token: edge.UPSTASH_REDIS_REST_TOKEN }
  const redis = new RedisRest({ ...address, timeoutMs: edge.REDIS_TIMEOUT_MS }, systemClock)
  const keys = new RedisKeys(edge.KEY_PREFIX)
  return new DepthReporter({
    ...parts,
    lengths: new RedisQueueLengths(redis, keys),
    history: new RedisHistory(redis, keys),
    destinations: [...cloudWatch(env), ...cloudMonitoring(env)],
    keptWarmSeconds: edge.SCALE_TO_ZERO_AFTER_SECONDS,
  })
}

function cloudWatch(env: ScalingEnv): DepthDestination[] {
  const { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env
  if (region === undefined || accessKeyId === undefined || secretAccessKey === undefined) return []
  const endpoint = env.CLOUDWATCH_ENDPOINT ?? `https://monitoring.${region}.amazonaws.com`
  const settings = { endpoint, region, accessKeyId, secretAccessKey, namespace: env.METRIC_NAMESPACE }
  return [new CloudWatch({ ...settings, byModel: env.METRIC_BY_MODEL }, systemClock)]
}

function cloudMonitoring(env: ScalingEnv): DepthDestination[] {
  const { GCP_SERVICE_ACCOUNT_KEY: key } = env
  if (key === undefined) return []
  const settings = {
    ...{ endpoint: env.CLOUD_MONITORING_ENDPOINT, key, metricType: env.GCP_METRIC_TYPE },
    ...{ projectId: env.GCP_PROJECT_ID ?? key.project_id, byModel: env.METRIC_BY_MODEL },
  }
  return [new CloudMonitoring(settings, systemClock)]
}
