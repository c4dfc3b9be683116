import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { Caller } from './access.ts'
import { CommandError } from './command.ts'
import { EventStream } from './event-stream.ts'
import type { Subscriptions } from './subscriptions.ts'

export type GatewayEnvironment = { Bindings: HttpBindings; Variables: { caller: Caller } }

/**
 * `GET /subscribe/<channel>`, or `POST` as Upstash's client does (its body says nothing): a stream of the events
 * `subscribe,<channel>,1` and then `message,<channel>,<payload>`.
 */
export async function subscribe(
  c: Context<GatewayEnvironment>,
  subscriptions: Subscriptions,
): Promise<Response> {
  const channel = channelIn(c.req.url)
  // A body that is not read would keep Node from noticing that the client has gone.
  await c.req.arrayBuffer()
  await subscriptions.add(channel, new EventStream(c.env.outgoing))
  return RESPONSE_ALREADY_SENT
}

/** All of the path after `/subscribe/`: Upstash's client does not encode a channel's slashes. Throws CommandError. */
function channelIn(url: string): string {
  const encoded = new URL(url).pathname.slice('/subscribe/'.length)
  const channel = decoded(encoded)
  // They would end the channel's name, or the line, before its end.
  if (/[\r\n,]/.test(channel)) throw new CommandError('ERR a channel may hold no comma and no line break')
  return channel
}

function decoded(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    throw new CommandError('ERR the channel is not percent-encoded UTF-8')
  }
}
