import { join } from 'node:path'
import { definedVariables } from '../../local-stack/defined-variables.ts'
import { type NodeService, startService } from '../../local-stack/node-service.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { ensureRedisBinary } from '../../local-stack/redis-binary.ts'
import { type OwnRedis, startRedis } from '../../local-stack/redis-server.ts'

/** A gateway as it is deployed, and the Redis behind it. */
export interface GatewaySide {
  redis: OwnRedis
  gateway: NodeService
  url: string
  token: string
  folder: string
  env: Record<string, string>
  signal: AbortSignal
  onProgress: (line: string) => void
}

/** Starts both for `work`. Metrics are on, as they would be. `settings` add to the gateway's. */
export async function withGateway<T>(
  signal: AbortSignal,
  settings: Record<string, string>,
  work: (side: GatewaySide) => Promise<T>,
): Promise<T> {
  const onProgress = (line: string) => console.error(line)
  const env = definedVariables(process.env)
  const folder = join(PROJECT_ROOT, '.edgebatch', 'bench-gateway')
  const redis = await startRedis(await ensureRedisBinary(env.PATH ?? '', onProgress), join(folder, 'redis'))
  try {
    const token = crypto.randomUUID()
    const gateway = await startService({
      ...{ name: 'gateway', entry: 'gateway/main.ts', folder },
      env: {
        ...env,
        ...{ REDIS_URL: redis.url, GATEWAY_TOKEN: token, GATEWAY_PORT: '0', GATEWAY_METRICS_PORT: '0' },
        ...{ LOG_LEVEL: 'info', ...settings },
      },
    })
    const url = `http://127.0.0.1:${gateway.ready.port}`
    try {
      return await work({ redis, gateway, url, token, folder, env, signal, onProgress })
    } finally {
      await gateway.stop()
    }
  } finally {
    await redis.stop()
  }
}
