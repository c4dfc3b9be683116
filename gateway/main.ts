import { readFileSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { type Logger, pino } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { systemClock } from '../shared/clock.ts'
import { closeServer } from '../shared/close-server.ts'
import { httpServerOptions, refusingAmbiguous } from '../shared/http-limits.ts'
import { lossyLog } from '../shared/lossy-log.ts'
import { ConfigurationError, readConfiguration, reasonForPeople } from '../shared/read-configuration.ts'
import { Access } from './access.ts'
import { createGateway } from './app.ts'
import { BrokenRequests } from './broken-requests.ts'
import { connectCallers, type RedisServer } from './callers.ts'
import { Connections } from './connections.ts'
import { type GatewayEnv, gatewayEnvSchema } from './env.ts'
import { healthRoutes } from './health.ts'
import { GatewayMetrics } from './metrics.ts'
import { startMetricsServer } from './metrics-server.ts'
import { Observation } from './observation.ts'
import { OpenStreams } from './open-streams.ts'
import { openConnection } from './redis-connection.ts'
import { RestCommands } from './rest-commands.ts'
import { sharedAmong, TokenShares } from './token-shares.ts'
import { tokenSettings } from './tokens.ts'
import { UnreadAnswers } from './unread-answers.ts'

const STDOUT = 1
/** How long requests that are under way may take once we are told to stop. */
const DRAIN_MS = 10_000
/** How long of that for a client that takes nothing of what is there for it. */
const UNREAD_MS = 1_000

/** Entry: the Upstash-compatible REST gateway. Says `ready` with its ports to a parent process that listens (IPC). */
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
    connect: (url, setting) => openConnection(url, setting, log),
  })
  const server = createServer(
    httpServerOptions({
      headersMs: env.GATEWAY_HEADERS_SECONDS * 1000,
      requestMs: env.GATEWAY_REQUEST_SECONDS * 1000,
    }),
  )
  const connections = new Connections(server)
  const streams = new OpenStreams({
    max: env.GATEWAY_MAX_SUBSCRIPTIONS,
    maxPerToken: env.GATEWAY_MAX_SUBSCRIPTIONS_PER_TOKEN ?? env.GATEWAY_MAX_SUBSCRIPTIONS,
    clock: systemClock,
    onCut: () => observation.streamCut(),
  })
  let stopping = false
  const health = healthRoutes({
    isStopping: () => stopping,
    pingRedis: async () => Promise.all(servers.flatMap(({ redis }) => redis.send([['PING']]))),
    clock: systemClock,
  })
  const registry = env.GATEWAY_METRICS_PORT === undefined ? undefined : new Registry()
  const observation = new Observation(log, registry && metricsIn(registry, connections, streams, servers))
  const app = createGateway({
    ...{ access: new Access(grants), health, observation },
    ...{ streams, allowMonitor: env.GATEWAY_ALLOW_MONITOR },
    commands: restCommands(env, tokens.length, servers, observation),
  })
  const listener = getRequestListener(app.fetch, { hostname: env.GATEWAY_HOST })
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // Each answer is then the last on its connection: clients that never pause would keep it for good.
    if (stopping) outgoing.setHeader('connection', 'close')
    return listener(incoming, outgoing)
  }
  const broken = new BrokenRequests(server, (reason) => observation.refused(reason))
  server.on(
    'request',
    refusingAmbiguous<IncomingMessage, ServerResponse>(answer, (outgoing) => broken.refuse(outgoing)),
  )
  server.on('drop', () => observation.refused('too-many-connections'))
  const stop = () => {
    if (stopping) return
    stopping = true
    log.info('stopping')
    streams.end()
    connections.cutUnread(UNREAD_MS)
    // All is answered once the server has closed; Redis may be away by then, and need not be told.
    closeServer(connections, DRAIN_MS).then(() => process.exit(0), fail)
  }
  streams.keepAlive(() => probeAll(servers)).catch(fail)
  const metricsPort = registry && (await startMetricsServer(registry, health, metricsAddress(env)))
  listen(server, env, log, metricsPort)
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(event, stop)
}

function restCommands(
  env: GatewayEnv,
  tokens: number,
  servers: RedisServer[],
  observation: Observation,
): RestCommands {
  const limits = {
    maxPipeline: env.GATEWAY_MAX_PIPELINE,
    maxAnswerBytes: env.GATEWAY_MAX_ANSWER_BYTES,
  }
  const sources = servers.map(({ redis }) => redis)
  const unread = new UnreadAnswers(sharedAmong(tokens, env.GATEWAY_MAX_UNREAD_BYTES), sources, systemClock)
  const bodies = new TokenShares(sharedAmong(tokens, env.GATEWAY_MAX_BODY_BYTES), systemClock)
  return new RestCommands(limits, bodies, unread, (request) => observation.served(request))
}

function metricsIn(
  registry: Registry,
  connections: Connections,
  streams: OpenStreams,
  servers: readonly RedisServer[],
): GatewayMetrics {
  collectDefaultMetrics({ register: registry })
  return new GatewayMetrics(registry, {
    connections: () => connections.count,
    streams: () => streams.count,
    subscriptions: () => servers.reduce((sum, { subscriptions }) => sum + subscriptions.count, 0),
  })
}

const metricsAddress = (env: GatewayEnv) => ({
  host: env.GATEWAY_METRICS_HOST,
  port: env.GATEWAY_METRICS_PORT ?? 0,
})

function probeAll(servers: readonly RedisServer[]): void {
  for (const { subscriptions } of servers) subscriptions.probe()
}

function listen(server: Server, env: GatewayEnv, log: Logger, metricsPort: number | undefined): void {
  server.maxConnections = env.GATEWAY_MAX_SUBSCRIPTIONS + env.GATEWAY_MAX_CONNECTIONS
  server.listen(env.GATEWAY_PORT, env.GATEWAY_HOST)
  server.on('error', fail)
  server.on('listening', () => {
    const { port } = server.address() as AddressInfo
    log.info({ host: env.GATEWAY_HOST, port, metrics: metricsPort }, 'ready')
    process.send?.({ type: 'ready', port, metricsPort })
  })
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

function fail(error: unknown): never {
  process.stderr.write(`gateway: ${reasonForPeople(error)}\n`)
  process.exit(1)
}

main().catch(fail)
