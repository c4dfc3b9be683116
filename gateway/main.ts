import { readFileSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Redis } from 'ioredis'
import { type Logger, pino } from 'pino'
import { systemClock } from '../shared/clock.ts'
import { closeServer } from '../shared/close-server.ts'
import { httpServerOptions, refusingAmbiguous } from '../shared/http-limits.ts'
import { lossyLog } from '../shared/lossy-log.ts'
import { ConfigurationError, readConfiguration } from '../shared/read-configuration.ts'
import { Access } from './access.ts'
import { createGateway } from './app.ts'
import { connectCallers } from './callers.ts'
import { Connections } from './connections.ts'
import { gatewayEnvSchema } from './env.ts'
import { OpenStreams } from './open-streams.ts'
import { connectGatewayRedis } from './redis.ts'
import { RestCommands } from './rest-commands.ts'
import { tokenSettings } from './tokens.ts'
import { UnreadAnswers } from './unread-answers.ts'

const STDOUT = 1

/** Entry: the Upstash-compatible REST gateway. Says `ready` with its port to a parent process that listens (IPC). */
async function main(): Promise<void> {
  const env = readConfiguration(gatewayEnvSchema, process.env)
  const destination = lossyLog((line) => writeSync(STDOUT, line))
  const log = pino({ name: 'gateway', level: env.LOG_LEVEL }, destination)
  const tokens = tokenSettings({
    full: env.GATEWAY_TOKEN,
    readOnly: env.GATEWAY_READONLY_TOKEN,
    more: tokensText(env.GATEWAY_TOKENS),
  })
  const { grants, servers } = await connectCallers(tokens, {
    redisUrl: env.REDIS_URL,
    connect: (url, setting) => connectRedis(url, setting, log),
  })
  const streams = new OpenStreams({
    max: env.GATEWAY_MAX_SUBSCRIPTIONS,
    maxPerToken: env.GATEWAY_MAX_SUBSCRIPTIONS_PER_TOKEN ?? env.GATEWAY_MAX_SUBSCRIPTIONS,
    clock: systemClock,
  })
  const probe = () => {
    for (const { subscriptions } of servers) subscriptions.probe()
  }
  streams.keepAlive(probe).catch(fail)

  let stopping = false
  const app = createGateway({
    isStopping: () => stopping,
    access: new Access(grants),
    streams,
    allowMonitor: env.GATEWAY_ALLOW_MONITOR,
    commands: new RestCommands(
      {
        maxPipeline: env.GATEWAY_MAX_PIPELINE,
        maxAnswerBytes: env.GATEWAY_MAX_ANSWER_BYTES,
        maxBodyBytes: env.GATEWAY_MAX_BODY_BYTES,
      },
      new UnreadAnswers(
        env.GATEWAY_MAX_UNREAD_BYTES,
        servers.map(({ redis }) => redis),
        systemClock,
      ),
    ),
    onError: (error) => log.error({ error: error.name, reason: error.message }, 'request failed'),
  })
  const limits = httpServerOptions({
    headersMs: env.GATEWAY_HEADERS_SECONDS * 1000,
    requestMs: env.GATEWAY_REQUEST_SECONDS * 1000,
  })
  const listener = getRequestListener(app.fetch, { hostname: env.GATEWAY_HOST })
  const server = createServer(limits, refusingAmbiguous<IncomingMessage, ServerResponse>(listener))
  const connections = new Connections(server)
  server.maxConnections = env.GATEWAY_MAX_SUBSCRIPTIONS + env.GATEWAY_MAX_CONNECTIONS
  server.listen(env.GATEWAY_PORT, env.GATEWAY_HOST)
  server.on('error', fail)
  server.on('listening', () => {
    const { port } = server.address() as AddressInfo
    log.info({ host: env.GATEWAY_HOST, port }, 'ready')
    process.send?.({ type: 'ready', port })
  })

  const stop = () => {
    if (stopping) return
    stopping = true
    log.info('stopping')
    streams.end()
    connections.cutUnread(UNREAD_MS)
    // All is answered once the server has closed; Redis may be away by then, and need not be told.
    closeServer(connections, DRAIN_MS).then(() => process.exit(0), fail)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('disconnect', stop)
}

/** GATEWAY_TOKENS' text: it is JSON itself, or names a file. */
function tokensText(setting: string | undefined): string | undefined {
  if (setting === undefined || setting.trimStart().startsWith('[')) return setting
  try {
    return readFileSync(setting, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigurationError(`GATEWAY_TOKENS: the file it names cannot be read (${code})`)
  }
}

async function connectRedis(url: string, setting: string, log: Logger): Promise<Redis> {
  const redis = connectGatewayRedis(url)
  redis.on('error', (error: NodeJS.ErrnoException) =>
    log.warn({ code: error.code ?? error.name }, 'redis connection'),
  )
  await redis.connect().catch(() => {
    throw new Error(`cannot reach Redis at ${new URL(url).host} (${setting})`)
  })
  return redis
}

/** How long requests that are under way may take once we are told to stop. */
const DRAIN_MS = 10_000
/** How long of that for a client that takes nothing of what is there for it. */
const UNREAD_MS = 1_000

function fail(error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error)
  process.stderr.write(
    `gateway: ${reason}${error instanceof ConfigurationError ? ' (see the environment)' : ''}\n`,
  )
  process.exit(1)
}

main().catch(fail)
