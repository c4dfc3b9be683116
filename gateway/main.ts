import { writeSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Logger, pino } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { systemClock } from '../shared/clock.ts'
import { httpServerOptions } from '../shared/http-limits.ts'
import { lossyLog } from '../shared/lossy-log.ts'
import { readConfiguration, reasonForPeople } from '../shared/read-configuration.ts'
import { Access } from './access.ts'
import { createGateway } from './app.ts'
import { connectCallers, type RedisServer } from './callers.ts'
import { Connections } from './connections.ts'
import { type GatewayEnv, gatewayEnvSchema } from './env.ts'
import { healthRoutes } from './health.ts'
import { GatewayMetrics } from './metrics.ts'
import { startMetricsServer } from './metrics-server.ts'
import { Observation } from './observation.ts'
import { OpenStreams } from './open-streams.ts'
import { OrderlyEnd } from './orderly-end.ts'
import { openConnection } from './redis-connection.ts'
import { RestCommands } from './rest-commands.ts'
import { serveRequests } from './serve-requests.ts'
import { tokensText } from './token-file.ts'
import { sharedAmong, TokenShares } from './token-shares.ts'
import { type TokenSetting, tokenSettings } from './tokens.ts'
import { UnreadAnswers } from './unread-answers.ts'

const STDOUT = 1

/** Entry: the Upstash-compatible REST gateway. Says `ready` with its ports to a parent process that listens (IPC). */
async function main(): Promise<void> {
  const env = readConfiguration(gatewayEnvSchema, process.env)
  const destination = lossyLog((line) => writeSync(STDOUT, line))
  const log = pino({ name: 'gateway', level: env.LOG_LEVEL }, destination)
  const tokens = tokensOf(env)
  const connect = (url: string, setting: string) => openConnection(url, setting, log)
  const { grants, servers } = await connectCallers(tokens, { redisUrl: env.REDIS_URL, connect })
  const server = httpServer(env)
  const connections = new Connections(server)
  const streams = openStreams(env, () => observation.streamCut())
  const end = new OrderlyEnd(connections, streams)
  const health = healthRoutes({
    isStopping: () => end.hasBegun,
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
  serveRequests(server, app, {
    hostname: env.GATEWAY_HOST,
    isStopping: () => end.hasBegun,
    onRefused: (reason) => observation.refused(reason),
  })
  streams.keepAlive(() => probeAll(servers)).catch(fail)
  const metricsPort = registry && (await startMetricsServer(registry, health, metricsAddress(env)))
  listen(server, env, log, metricsPort)
  stopWhenTold(end, log)
}

function tokensOf(env: GatewayEnv): TokenSetting[] {
  return tokenSettings({
    full: env.GATEWAY_TOKEN,
    readOnly: env.GATEWAY_READONLY_TOKEN,
    more: tokensText(env.GATEWAY_TOKENS),
  })
}

function httpServer(env: GatewayEnv): Server {
  const server = createServer(
    httpServerOptions({
      headersMs: env.GATEWAY_HEADERS_SECONDS * 1000,
      requestMs: env.GATEWAY_REQUEST_SECONDS * 1000,
    }),
  )
  server.maxConnections = env.GATEWAY_MAX_SUBSCRIPTIONS + env.GATEWAY_MAX_CONNECTIONS
  return server
}

function openStreams(env: GatewayEnv, onCut: () => void): OpenStreams {
  return new OpenStreams({
    max: env.GATEWAY_MAX_SUBSCRIPTIONS,
    maxPerToken: env.GATEWAY_MAX_SUBSCRIPTIONS_PER_TOKEN ?? env.GATEWAY_MAX_SUBSCRIPTIONS,
    clock: systemClock,
    onCut,
  })
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
  server.listen(env.GATEWAY_PORT, env.GATEWAY_HOST)
  server.on('error', fail)
  server.on('listening', () => {
    const { port } = server.address() as AddressInfo
    log.info({ host: env.GATEWAY_HOST, port, metrics: metricsPort }, 'ready')
    process.send?.({ type: 'ready', port, metricsPort })
  })
}

function stopWhenTold(end: OrderlyEnd, log: Logger): void {
  const stop = () => {
    if (end.hasBegun) return
    log.info('stopping')
    end.begin().then(() => process.exit(0), fail)
  }
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(event, stop)
}

function fail(error: unknown): never {
  process.stderr.write(`gateway: ${reasonForPeople(error)}\n`)
  process.exit(1)
}

main().catch(fail)
