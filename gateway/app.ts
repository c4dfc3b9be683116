import { Hono } from 'hono'
import type { Access } from './access.ts'
import { CommandError } from './command.ts'
import { type Observation, refusalOf } from './observation.ts'
import { StreamRefused } from './open-streams.ts'
import { RedisAway } from './redis-errors.ts'
import { BodyIncomplete, BodyTooLarge, BodyTooSlow } from './request-body.ts'
import { headersOf } from './request-headers.ts'
import { errorAnswer, MethodNotAllowed } from './rest-commands.ts'
import {
  type Authenticated,
  addStreamRoutes,
  type GatewayEnvironment,
  type StreamRouteDeps,
} from './subscribe.ts'

export interface GatewayDeps extends StreamRouteDeps {
  /** Who may come in, and to which Redis. */
  access: Access
  /** `/live`, `/ready` and the like, which need no token. */
  health: Hono
  /** Told of what was refused, and of failures that are ours. */
  observation: Pick<Observation, 'refused' | 'failed'>
}

/**
 * Redis over HTTP in Upstash's dialect: commands (docs/gateway.md), and `/subscribe/<channel>` and its like, whose answers are streams of
 * events. Nothing stands around the handlers: what each request passes through is most of what a command costs here.
 */
export function createGateway(deps: GatewayDeps): Hono<GatewayEnvironment> {
  const { access, commands, health, observation } = deps
  const app = new Hono<GatewayEnvironment>()
  /** Hands a request on with its caller, if it has one. */
  const authenticated: Authenticated = (handle) => (c) => {
    const caller = access.authenticate(headersOf(c.env.incoming), c.env.incoming.url ?? '')
    if (caller) return handle(c, caller)
    observation.refused('unauthorized')
    return errorAnswer(401, 'WRONGPASS invalid or missing auth token')
  }
  app.route('/', health)
  addStreamRoutes(app, authenticated, deps)
  app.all(
    '*',
    authenticated((c, caller) => commands.answer(c, caller)),
  )
  app.onError((error) => {
    observation.refused(refusalOf(error))
    if (error instanceof CommandError) return errorAnswer(400, error.message)
    if (error instanceof BodyTooLarge) return errorAnswer(413, error.message)
    if (error instanceof MethodNotAllowed) return errorAnswer(405, error.message, { allow: error.allow })
    // The rest of it is not waited for.
    if (error instanceof BodyTooSlow) return errorAnswer(408, error.message, { connection: 'close' })
    // Nobody is there to read it.
    if (error instanceof BodyIncomplete) return errorAnswer(400, error.message)
    observation.failed(error)
    if (error instanceof StreamRefused) return errorAnswer(error.status, error.message)
    if (error instanceof RedisAway) return errorAnswer(503, 'ERR Redis cannot be reached')
    return errorAnswer(500, 'ERR internal error')
  })
  return app
}
