import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import type { Caller } from './access.ts'
import { CommandError, refusalOf } from './command.ts'
import { EventStream } from './event-stream.ts'
import type { OpenStreams } from './open-streams.ts'
import type { SubscriptionKind } from './subscriptions.ts'

export type GatewayEnvironment = { Bindings: HttpBindings; Variables: { caller: Caller } }

export interface StreamRouteDeps {
  streams: OpenStreams
  /** Whether MONITOR, which shows all that others send to Redis, may be asked for. */
  allowMonitor: boolean
}

/**
 * `/subscribe/<channel>`, `/psubscribe/<pattern>` and `/monitor`, whose answers are streams of events. GET, or POST as Upstash's client
 * does (its body says nothing).
 */
export function addStreamRoutes(
  app: Hono<GatewayEnvironment>,
  { streams, allowMonitor }: StreamRouteDeps,
): void {
  for (const kind of ['subscribe', 'psubscribe'] as const) {
    const open: Opening = (c, stream) => c.var.caller.subscriptions.add(kind, nameIn(c.req.url, kind), stream)
    app.on(['GET', 'POST'], `/${kind}/:name{[^]+}`, answerWithStream(streams, open))
  }
  const open: Opening = async (c, stream) => {
    const { readOnly, monitor } = c.var.caller
    if (!allowMonitor || readOnly) throw new CommandError(refusalOf(['MONITOR']) as string)
    await monitor.add(stream)
  }
  app.on(['GET', 'POST'], '/monitor', answerWithStream(streams, open))
}

/** Begins a stream; if it throws, that has not begun. */
type Opening = (c: Context<GatewayEnvironment>, stream: EventStream) => Promise<void>

function answerWithStream(streams: OpenStreams, open: Opening): MiddlewareHandler<GatewayEnvironment> {
  return async (c, next) => {
    // It comes here as a GET; its answer would have no end.
    if (c.req.raw.method === 'HEAD') return next()
    // A body that is not read would keep Node from noticing that the client has gone.
    await c.req.arrayBuffer()
    const stream = new EventStream(c.env.outgoing)
    streams.admit(stream, c.var.caller.name)
    await open(c, stream)
    return RESPONSE_ALREADY_SENT
  }
}

/**
 * All of the path after `/subscribe/` or `/psubscribe/`: Upstash's client asks for one name a stream, and does not encode its slashes.
 * Throws CommandError.
 */
function nameIn(url: string, kind: SubscriptionKind): string {
  const name = decoded(new URL(url).pathname.slice(`/${kind}/`.length))
  // They would end the name, or the line, before its end.
  if (/[\r\n,]/.test(name))
    throw new CommandError('ERR a channel or pattern may hold no comma and no line break')
  return name
}

function decoded(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    throw new CommandError('ERR the channel is not percent-encoded UTF-8')
  }
}
