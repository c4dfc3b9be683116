import { Hono } from 'hono'
import type { Access } from './access.ts'
import { CommandError } from './command.ts'
import { StreamRefused } from './open-streams.ts'
import { RedisAway } from './redis-errors.ts'
import { BodyIncomplete, BodyTooLarge } from './request-body.ts'
import { errorAnswer, type RestCommands } from './rest-commands.ts'
import { addStreamRoutes, type GatewayEnvironment, type StreamRouteDeps } from './subscribe.ts'

export interface GatewayDeps extends StreamRouteDeps {
  /** Whether the gateway is about to end: then each answer is the last on its connection. */
  isStopping: () => boolean
  /** Who may come in, and to which Redis. */
  access: Access
  commands: RestCommands
  /** Told of failures that are ours; never given values or tokens. */
  onError: (error: Error) => void
}

/**
 * Redis over HTTP in Upstash's dialect: commands (docs/gateway.md), and `/subscribe/<channel>`, whose answer is a stream of
 * events.
 */
export function createGateway(deps: GatewayDeps): Hono<GatewayEnvironment> {
  const { access, commands, onError, isStopping } = deps
  const app = new Hono<GatewayEnvironment>()
  app.use(async (c, next) => {
    await next()
    if (isStopping()) c.header('connection', 'close')
  })
  app.get('/health', (c) => c.text('ok'))
  app.use(async (c, next) => {
    const caller = access.authenticate(c.req.raw)
    if (!caller) return errorAnswer(401, 'WRONGPASS invalid or missing auth token')
    c.set('caller', caller)
    return next()
  })
  addStreamRoutes(app, deps)
  app.all('*', (c) => commands.answer(c))
  app.onError((error) => {
    if (error instanceof CommandError) return errorAnswer(400, error.message)
    if (error instanceof BodyTooLarge) return errorAnswer(413, error.message)
    // Nobody is there to read it.
    if (error instanceof BodyIncomplete) return errorAnswer(400, error.message)
    onError(error)
    if (error instanceof StreamRefused) return errorAnswer(error.status, error.message)
    if (error instanceof RedisAway) return errorAnswer(503, 'ERR Redis cannot be reached')
    return errorAnswer(500, 'ERR internal error')
  })
  return app
}
