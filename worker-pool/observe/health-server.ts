import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../shared/clock.ts'
import { closeServer } from '../../shared/close-server.ts'
import { httpServerOptions, refusingAmbiguous } from '../../shared/http-limits.ts'
import { ConfigurationError } from '../../shared/read-configuration.ts'

/** What a health server asks of its pool. */
export interface PoolHealth {
  /** `starting` until every model is warm; `draining` from the moment the pool was told to stop. */
  phase(): 'starting' | 'serving' | 'draining'
  /** Milliseconds that the oldest run of a model under way has taken so far; 0 if none is. */
  stuckFor(): number
  /** Resolves when Redis has answered; rejects, or takes longer than probes wait, if it does not. */
  pingRedis(): Promise<unknown>
  metrics: { contentType: string; metrics(): Promise<string> }
}

export interface HealthServerOptions {
  host: string
  /** 0 takes any free port. */
  port: number
  /** A run that takes longer, in ms, will not end any more: the process is to be replaced. */
  stuckLimitMs: number
  clock: Clock
}

export interface HealthServer {
  readonly port: number
  /** Requests under way are answered first, if that takes no longer than a second. */
  close(): Promise<void>
}

/** Probes give up after a second, where nobody says otherwise; an answer should come before that. */
const REDIS_PATIENCE_MS = 800
/** Whoever sends a request that slowly is no probe. */
const REQUEST_TIMEOUT_MS = 5_000
/** More than probes and scrapers need. */
const MAX_CONNECTIONS = 100
const CLOSE_LIMIT_MS = 1_000

/** `/live`, `/ready` and `/metrics` of a pool, for orchestrators and Prometheus. Throws ConfigurationError if it cannot listen. */
export async function startHealthServer(
  health: PoolHealth,
  options: HealthServerOptions,
): Promise<HealthServer> {
  const limits = httpServerOptions({ headersMs: REQUEST_TIMEOUT_MS, requestMs: REQUEST_TIMEOUT_MS })
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    answer(request, health, options).then(
      (reply) => send(response, reply),
      () => send(response, json(500, { status: 'error', reasons: ['the metrics could not be read'] })),
    )
  }
  const server = createServer(limits, refusingAmbiguous(listener))
  server.maxConnections = MAX_CONNECTIONS
  await listen(server, options)
  const { port } = server.address() as AddressInfo
  let closed: Promise<void> | undefined
  return {
    port,
    close: () => {
      closed ??= closeServer(server, CLOSE_LIMIT_MS)
      return closed
    },
  }
}

interface Reply {
  status: number
  headers: Record<string, string>
  body: string
}

async function answer(
  { method, url = '' }: IncomingMessage,
  health: PoolHealth,
  options: HealthServerOptions,
): Promise<Reply> {
  const path = url.split('?')[0] ?? ''
  const read =
    path === '/live' ? readLive : path === '/ready' ? readReady : path === '/metrics' && readMetrics
  if (!read) return json(404, { status: 'not found', reasons: ['there are /live, /ready and /metrics'] })
  if (method === 'GET' || method === 'HEAD') return read(health, options)
  const refused = json(405, { status: 'method not allowed', reasons: ['GET and HEAD only'] })
  return { ...refused, headers: { ...refused.headers, allow: 'GET, HEAD' } }
}

/** That it answers at all says that the event loop turns. */
async function readLive({ stuckFor }: PoolHealth, { stuckLimitMs }: HealthServerOptions): Promise<Reply> {
  const stuckMs = stuckFor()
  if (stuckMs <= stuckLimitMs) return json(200, { status: 'live' })
  return json(503, {
    status: 'stuck',
    reasons: [`a run of a model has taken ${Math.round(stuckMs / 1000)} s so far`],
  })
}

async function readReady(health: PoolHealth, { clock }: HealthServerOptions): Promise<Reply> {
  const phase = health.phase()
  const reasons: string[] = phase === 'serving' ? [] : [phase]
  if (!(await redisAnswers(health, clock))) reasons.push('redis away')
  return reasons.length === 0 ? json(200, { status: 'ready' }) : json(503, { status: 'not ready', reasons })
}

async function redisAnswers({ pingRedis }: PoolHealth, clock: Clock): Promise<boolean> {
  const answered = new AbortController()
  const ping = pingRedis().then(
    () => true,
    () => false,
  )
  const patience = clock.sleep(REDIS_PATIENCE_MS, answered.signal).then(() => false)
  const answers = await Promise.race([ping, patience])
  answered.abort()
  return answers
}

async function readMetrics({ metrics }: PoolHealth): Promise<Reply> {
  const body = await metrics.metrics()
  return { status: 200, headers: { 'content-type': metrics.contentType }, body }
}

function json(status: number, body: { status: string; reasons?: string[] }): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(body)}\n` }
}

/** Node leaves the body away where the request was HEAD. */
function send(response: ServerResponse, { status, headers, body }: Reply): void {
  const length = String(Buffer.byteLength(body))
  response.writeHead(status, { ...headers, 'content-length': length, 'cache-control': 'no-store' })
  response.end(body)
}

function listen(server: Server, { host, port }: HealthServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new ConfigurationError(cannotListen(error))),
    )
    server.listen({ host, port }, resolve)

    function cannotListen({ code }: NodeJS.ErrnoException): string {
      if (code === 'EADDRINUSE')
        return `HEALTH_PORT: ${port} is taken on ${host}; choose another, or unset it for no health server`
      if (code === 'EACCES')
        return `HEALTH_PORT: this user may not listen on ${port}; choose one above 1023, or unset it for no health server`
      return `HEALTH_HOST: cannot listen on ${host} (${code}); name an address of this machine`
    }
  })
}
