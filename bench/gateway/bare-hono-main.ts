import { serve } from '@hono/node-server'
import { Hono } from 'hono'

/** Entry: Hono and nothing else. Reads each request's body, and answers the bytes of ANSWER with the gateway's headers. */
const answer = process.env.ANSWER ?? ''
const headers = { 'content-type': 'application/json', 'upstash-sync-token': 'sync-token' }
const app = new Hono()
app.post('/', async (c) => {
  await c.req.text()
  return c.body(answer, 200, headers)
})
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
  process.send?.({ type: 'ready', port }),
)
const stop = () => process.exit(0)
process.on('SIGTERM', stop)
process.on('disconnect', stop)
server.on('error', stop)
