import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { refusingAmbiguous } from '../shared/http-limits.ts'
import type { createGateway } from './app.ts'
import { BrokenRequests } from './broken-requests.ts'
import type { Refusal } from './metrics.ts'

export interface ServeOptions {
  /** Its own name, for requests that name no host. */
  hostname: string
  isStopping: () => boolean
  /** Told of what never came to be a request of the app. */
  onRefused: (reason: Refusal) => void
}

/** Hands a server's requests to the app, but for those that are none. */
export function serveRequests(
  server: Server,
  { fetch }: ReturnType<typeof createGateway>,
  { hostname, isStopping, onRefused }: ServeOptions,
): void {
  const broken = new BrokenRequests(server, onRefused)
  const listener = getRequestListener(fetch, { hostname })
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // Each answer is then the last on its connection: clients that never pause would keep it for good.
    if (isStopping()) outgoing.setHeader('connection', 'close')
    return listener(incoming, outgoing)
  }
  server.on(
    'request',
    refusingAmbiguous<IncomingMessage, ServerResponse>(answer, (outgoing) => broken.refuse(outgoing)),
  )
  server.on('drop', () => onRefused('too-many-connections'))
}
