import type { AddressInfo } from 'node:net'
import { type ServerType, serve } from '@hono/node-server'
import { pino } from 'pino'
import { ConfigurationError, readConfiguration } from '../shared/configuration.ts'
import { createGateway } from './app.ts'
import { gatewayEnvSchema } from './env.ts'
import { connectGatewayRedis, GatewayRedis } from './redis.ts'

/** Entry: the Upstash-compatible REST gateway. Says `ready` with its port to a parent process that listens (IPC). */
async function main(): Promise<void> {
  const env = readConfiguration(gatewayEnvSchema, process.env)
  const log = pino({ name: 'gateway', level: env.LOG_LEVEL })
  const redis = connectGatewayRedis(env.REDIS_URL)
  redis.on('error', (error: NodeJS.ErrnoException) =>
    log.warn({ code: error.code ?? error.name }, 'redis connection'),
  )
  await redis.connect().catch(() => {
    throw new Error(`cannot reach Redis at ${new URL(env.REDIS_URL).host} (REDIS_URL)`)
  })

  const app = createGateway({
    redis: new GatewayRedis(redis),
    token: env.GATEWAY_TOKEN,
    onError: (error) => log.error({ error: error.name, reason: error.message }, 'request failed'),
  })
  const server = serve({ fetch: app.fetch, hostname: env.GATEWAY_HOST, port: env.GATEWAY_PORT })
  server.on('error', fail)
  server.on('listening', () => {
    const { port } = server.address() as AddressInfo
    log.info({ host: env.GATEWAY_HOST, port }, 'ready')
    process.send?.({ type: 'ready', port })
  })

  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    log.info('stopping')
    // All is answered once the server has closed; Redis may be away by then, and need not be told.
    closeServer(server).then(() => process.exit(0), fail)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('disconnect', stop)
}

/** Answers what has been asked, then closes; idle keep-alive connections are closed at once. */
function closeServer(server: ServerType): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
    if ('closeIdleConnections' in server) server.closeIdleConnections()
  })
}

function fail(error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error)
  process.stderr.write(
    `gateway: ${reason}${error instanceof ConfigurationError ? ' (see the environment)' : ''}\n`,
  )
  process.exit(1)
}

main().catch(fail)
