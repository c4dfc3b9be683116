import { writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants, gzipSync } from 'node:zlib'
import { getRequestListener } from '@hono/node-server'
import { type Logger, pino } from 'pino'
import sharp from 'sharp'
import { systemClock } from '../shared/clock.ts'
import { closeServer } from '../shared/close-server.ts'
import { httpServerOptions, refusingAmbiguous } from '../shared/http-limits.ts'
import { lossyLog } from '../shared/lossy-log.ts'
import { readConfiguration, reasonForPeople } from '../shared/read-configuration.ts'
import { createSharpDecoder } from '../shared/sharp-decoder.ts'
import { decodableTypes, prepareSharpForUploads } from '../shared/sharp-loaders.ts'
import { createApp } from './app.ts'
import { composeDeps, type RuntimeParts } from './compose-edge.ts'
import type { ConsoleAssets } from './console-assets.ts'
import type { EdgeDeps } from './edge-context.ts'
import { imageLimitsOf, type NodeEdgeEnv, nodeEdgeEnvSchema } from './env.ts'
import type { ImageLimits } from './image/image-limits.ts'
import { withAdmission } from './image/with-admission.ts'
import { createMetricsApp } from './observe/metrics-app.ts'
import { RequestMetrics } from './observe/request-metrics.ts'
import { composeScaling } from './scaling/compose-scaling.ts'
import { scalingEnvSchema } from './scaling/env.ts'
import { reportRegularly } from './scaling/report-regularly.ts'

const STDOUT = 1

/** Entry: the edge on Node, for who hosts it himself. Says `ready` with its URL to a parent process that listens (IPC). */
async function main(): Promise<void> {
  const env = readConfiguration(nodeEdgeEnvSchema, process.env)
  const destination = lossyLog((line) => writeSync(STDOUT, line))
  const log = pino({ name: 'edge', level: env.LOG_LEVEL }, destination)
  const stopping = new AbortController()
  const startReports = prepareReports(env, log)
  const requests = new RequestMetrics()
  const deps = composeDeps(env, {
    ...(await sharpDecoder(imageLimitsOf(env))),
    logFailure: (failure) => log.error(failure, 'request failed'),
    stopping: stopping.signal,
    consoleAssets: await builtConsole(log),
    requests,
  })
  const app = createApp(deps)
  const fetch = async (request: Request) => {
    const response = await app.fetch(request)
    // A client that never pauses would keep its connection, and us, for good.
    if (stopping.signal.aborted) response.headers.set('connection', 'close')
    return response
  }
  const limits = httpServerOptions({
    headersMs: env.HEADERS_SECONDS * 1000,
    // Bodies wait unread for their turn; those that are too slow have an answer of our own first.
    requestMs: (env.MAX_UPLOAD_WAIT_SECONDS + env.MAX_UPLOAD_SECONDS) * 1000 + ANSWER_MS,
  })
  const listener = getRequestListener(fetch, { hostname: env.HOST })
  const server = createServer(limits, refusingAmbiguous<IncomingMessage, ServerResponse>(listener))
  server.maxConnections = env.MAX_CONNECTIONS
  const metricsPort = await serveMetrics(deps, env)
  const { address, family, port } = await listen(server, { host: env.HOST, port: env.PORT, setting: 'PORT' })
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
  log.info({ url, metricsPort }, 'ready')
  process.send?.({ type: 'ready', url, metricsPort })
  startReports(stopping.signal)

  const stop = () => {
    if (stopping.signal.aborted) return
    log.info('stopping')
    stopping.abort()
    closeServer(server, DRAIN_MS).then(() => process.exit(0), fail)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('disconnect', stop)
}

/** Prometheus waits 10 s for an answer; whoever takes that long for a request is none. */
const SCRAPE_LIMITS = { headersMs: 5_000, requestMs: 10_000 }
const MAX_SCRAPERS = 100

/** Resolves with the port, if there is to be one. Ends with the process: a scrape that is cut off is made again. */
async function serveMetrics(deps: EdgeDeps, env: NodeEdgeEnv): Promise<number | undefined> {
  const { METRICS_PORT: port, METRICS_HOST: host } = env
  if (port === undefined) return undefined
  const listener = getRequestListener(createMetricsApp(deps).fetch, { hostname: host })
  const server = createServer(
    httpServerOptions(SCRAPE_LIMITS),
    refusingAmbiguous<IncomingMessage, ServerResponse>(listener),
  )
  server.maxConnections = MAX_SCRAPERS
  return (await listen(server, { host, port, setting: 'METRICS_PORT' })).port
}

/** Where it listens, once it does. `setting`: the variable that the port is from. */
function listen(
  server: Server,
  { host, port, setting }: { host: string; port: number; setting: string },
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE' ? new Error(`port ${port} of ${host} is in use (${setting})`) : error,
      ),
    )
    server.listen(port, host, () => resolve(server.address() as AddressInfo))
  })
}

/** For the answer to an upload that was too slow. */
const ANSWER_MS = 10_000
/** How long uploads that are under way may take once we are told to stop. */
const DRAIN_MS = 10_000
/** More than a photo within the limits takes. */
const DECODING_SECONDS = 10

async function sharpDecoder(
  limits: ImageLimits,
): Promise<Pick<RuntimeParts, 'decodePhoto' | 'decodedTypes'>> {
  prepareSharpForUploads(sharp)
  const decodedTypes = await decodableTypes(sharp)
  const decode = createSharpDecoder(sharp, {
    types: decodedTypes,
    maxPixels: Math.max(...Object.values(limits.maxPixels)),
    timeoutSeconds: DECODING_SECONDS,
  })
  return { decodePhoto: withAdmission(decode, limits), decodedTypes }
}

/** None where it has not been built: the API is served without. */
async function builtConsole(log: Logger): Promise<ConsoleAssets> {
  try {
    const assets = Object.entries((await import('../console/dist/assets.js')).default)
    return Object.fromEntries(
      assets.map(([path, asset]) => [path, { ...asset, gzip: compressed(asset.body) }]),
    )
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    log.warn('there are no pages for people, as they have not been built (npm run build:console)')
    return {}
  }
}

/** Cloudflare compresses what a Worker answers; here, there may be nobody else to do it. */
function compressed(body: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(body, { level: constants.Z_BEST_COMPRESSION }))
}

/** What a Worker's cron trigger does, where that is wanted. Settings are read at once: what is wrong with them is told at the start. */
function prepareReports(env: NodeEdgeEnv, log: Logger): (signal: AbortSignal) => void {
  if (env.SCALING_EVERY_SECONDS === undefined) return () => {}
  const everyMs = env.SCALING_EVERY_SECONDS * 1000
  const reporter = composeScaling(env, readConfiguration(scalingEnvSchema, process.env), {
    everyMs,
    logFailure: ({ message, ...failure }) => log.error(failure, message),
  })
  return (signal) => void reportRegularly(reporter, everyMs, systemClock, signal)
}

function fail(error: unknown): never {
  process.stderr.write(`edge: ${reasonForPeople(error)}\n`)
  process.exit(1)
}

main().catch(fail)
