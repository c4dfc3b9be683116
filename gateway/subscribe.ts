import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, Hono } from 'hono'
import type { Caller } from './access.ts'
import { CommandError, refusalOf } from './command.ts'
import { EventStream } from './event-stream.ts'
import type { OpenStreams } from './open-streams.ts'
import { discardBody } from './request-body.ts'
import type { RestCommands } from './rest-commands.ts'

export type GatewayEnvironment = { Bindings: HttpBindings }

type HandlerOfCaller = (c: Context<GatewayEnvironment>, caller: Caller) => Promise<Response>

/** Makes a handler of one that needs to know who asks. */
export type Authenticated = (
  handle: HandlerOfCaller,
) => (c: Context<GatewayEnvironment>) => Promise<Response> | Response

export interface StreamRouteDeps {
  commands: RestCommands
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
  authenticated: Authenticated,
  { commands, streams, allowMonitor }: StreamRouteDeps,
): void {
  const answerWithStream =
    (open: Opening): HandlerOfCaller =>
    // A HEAD comes here as a GET; its answer would have no end.
    (c, caller) =>
      c.req.raw.method === 'HEAD' ? commands.answer(c, caller) : stream(c, caller, streams, open)
  for (const kind of ['subscribe', 'psubscribe'] as const) {
    const open: Opening = ({ subscriptions }, stream, url) => subscriptions.add(kind, nameIn(url), stream)
    app.on(['GET', 'POST'], `/${kind}/:name{[^]+}`, authenticated(answerWithStream(open)))
  }
  const open: Opening = async ({ readOnly, monitor }, events) => {
    if (!allowMonitor || readOnly) throw new CommandError(refusalOf(['MONITOR']) as string)
    await monitor.add(events)
  }
  app.on(['GET', 'POST'], '/monitor', authenticated(answerWithStream(open)))
}

/** Begins a stream; if it throws, that has not begun. */
type Opening = (caller: Caller, events: EventStream, url: string) => Promise<void>

async function stream(
  c: Context<GatewayEnvironment>,
  caller: Caller,
  streams: OpenStreams,
  open: Opening,
): Promise<Response> {
  await discardBody(c.env.incoming)
  const events = new EventStream(c.env.outgoing)
  streams.admit(events, caller.name)
  await open(caller, events, c.req.url)
  return RESPONSE_ALREADY_SENT
}

/**
 * All of the path after its first segment, which may be percent-encoded: Upstash's client asks for one name a stream, and does not encode its
 * slashes. Throws CommandError.
 */
function nameIn(url: string): string {
  const { pathname } = new URL(url)
  const name = decoded(pathname.slice(pathname.indexOf('/', 1) + 1))
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
