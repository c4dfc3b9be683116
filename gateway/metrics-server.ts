import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { Registry } from 'prom-client'
import { httpServerOptions, refusingAmbiguous } from '../shared/http-limits.ts'
import { ConfigurationError } from '../shared/read-configuration.ts'

export interface MetricsServerOptions {
  host: string
  /** 0 takes any free port. */
  port: number
}

/** Whoever sends a request that slowly is no scraper. */
const REQUEST_TIMEOUT_MS = 5_000
/** More than probes and scrapers need. */
const MAX_CONNECTIONS = 100

/**
 * `/metrics` beside `health`'s routes, on a port of its own: what is counted is nobody's business who has a token, and scrapers have none.
 * Returns the port. Throws ConfigurationError if it cannot listen.
 */
export async function startMetricsServer(
  registry: Registry,
  health: Hono,
  options: MetricsServerOptions,
): Promise<number> {
  const app = new Hono()
  app.route('/', health)
  app.get('/metrics', async (c) =>
    c.body(await registry.metrics(), 200, {
      'content-type': registry.contentType,
      'cache-control': 'no-store',
    }),
  )
  app.notFound((c) => c.json({ status: 'not found', reasons: ['there are /live, /ready and /metrics'] }, 404))
  app.onError((_, c) => c.json({ status: 'error', reasons: ['the metrics could not be read'] }, 500))
  const limits = httpServerOptions({ headersMs: REQUEST_TIMEOUT_MS, requestMs: REQUEST_TIMEOUT_MS })
  const listener = getRequestListener(app.fetch, { hostname: options.host })
  const server = createServer(limits, refusingAmbiguous<IncomingMessage, ServerResponse>(listener))
  server.maxConnections = MAX_CONNECTIONS
  await listen(server, options)
  // Nothing is lost with an answer of this port: it holds up no end.
  server.unref()
  return (server.address() as AddressInfo).port
}

function listen(server: Server, { host, port }: MetricsServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const fix =
        code === 'EADDRINUSE' || code === 'EACCES'
          ? `GATEWAY_METRICS_PORT: ${port} is ${code === 'EACCES' ? 'not ours to take' : 'taken'} on ${host}; choose another, or unset it for no metrics`
          : `GATEWAY_METRICS_HOST: cannot listen on ${host} (${code}); name an address of this machine`
      reject(new ConfigurationError(fix))
    })
    server.listen({ host, port }, resolve)
  })
}
