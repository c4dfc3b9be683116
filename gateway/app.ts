import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Access } from './access.ts'
import { CommandError, parseCommand, parsePipeline } from './command.ts'
import { StreamRefused } from './open-streams.ts'
import { type Outcome, RedisAway } from './redis.ts'
import { encodeReply, type ReplyEncoding } from './reply.ts'
import { addStreamRoutes, type GatewayEnvironment, type StreamRouteDeps } from './subscribe.ts'

export interface GatewayDeps extends StreamRouteDeps {
  /** Whether the gateway is about to end: then each answer is the last on its connection. */
  isStopping: () => boolean
  /** Who may come in, and to which Redis. */
  access: Access
  /** Told of failures that are ours; never given values or tokens. */
  onError: (error: Error) => void
}

/** Upstash's own limit on a request. */
const MAX_BODY_BYTES = 10 * 1024 * 1024

const NOT_FOUND =
  'ERR not found: POST a JSON array to /, /pipeline or /multi-exec, or GET /subscribe/<channel>'

/**
 * Redis over HTTP in Upstash's dialect: `POST /` with one command, `/pipeline` and `/multi-exec` with several, each a
 * JSON array. Answers `{"result": ...}` or `{"error": "..."}`; strings in base64 on `Upstash-Encoding: base64`. And
 * `/subscribe/<channel>`, whose answer is a stream of events.
 */
export function createGateway(deps: GatewayDeps): Hono<GatewayEnvironment> {
  const { access, onError, isStopping } = deps
  const app = new Hono<GatewayEnvironment>()
  app.use(async (c, next) => {
    await next()
    if (isStopping()) c.header('connection', 'close')
  })
  app.get('/health', (c) => c.text('ok'))
  app.use(async (c, next) => {
    const caller = access.authenticate(c.req.raw)
    if (!caller) return c.json({ error: 'WRONGPASS invalid or missing auth token' }, 401)
    c.set('caller', caller)
    return next()
  })
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) => c.json({ error: 'ERR max request size exceeded' }, 413),
    }),
  )
  app.post('/', async (c) => {
    const command = parseCommand(await readJson(c.req.raw))
    const [outcome] = await c.var.caller.redis.pipeline([command])
    if (outcome && 'error' in outcome) return c.json({ error: outcome.error }, 400)
    return c.json(outcome && encodeOutcome(outcome, encodingOf(c.req.raw)))
  })
  app.post('/pipeline', async (c) => {
    const outcomes = await c.var.caller.redis.pipeline(parsePipeline(await readJson(c.req.raw)))
    return c.json(outcomes.map((outcome) => encodeOutcome(outcome, encodingOf(c.req.raw))))
  })
  app.post('/multi-exec', async (c) => {
    const outcomes = await c.var.caller.redis.multi(parsePipeline(await readJson(c.req.raw)))
    if (!Array.isArray(outcomes)) return c.json(outcomes, 400)
    return c.json(outcomes.map((outcome) => encodeOutcome(outcome, encodingOf(c.req.raw))))
  })
  addStreamRoutes(app, deps)
  app.notFound((c) => c.json({ error: NOT_FOUND }, 404))
  app.onError((error, c) => {
    if (error instanceof CommandError) return c.json({ error: error.message }, 400)
    onError(error)
    if (error instanceof StreamRefused) return c.json({ error: error.message }, error.status)
    if (error instanceof RedisAway) return c.json({ error: 'ERR Redis cannot be reached' }, 503)
    return c.json({ error: 'ERR internal error' }, 500)
  })
  return app
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json()
  } catch {
    throw new CommandError('ERR failed to parse the body: expected JSON')
  }
}

function encodingOf(request: Request): ReplyEncoding {
  return request.headers.get('upstash-encoding') === 'base64' ? 'base64' : 'utf8'
}

function encodeOutcome(outcome: Outcome, encoding: ReplyEncoding): { result: unknown } | { error: string } {
  return 'error' in outcome ? outcome : { result: encodeReply(outcome.reply, encoding) }
}
