import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export interface Received {
  headers: IncomingHttpHeaders
  path: string
  body: string
}

export type Answer = (response: ServerResponse, received: Received) => void

/** An HTTP server on this machine that webhooks are sent to. It answers 204 unless `answer` does otherwise. */
export class WebhookReceiver {
  readonly received: Received[] = []
  answer: Answer = (response) => response.writeHead(204).end()
  readonly origin: string

  private constructor(origin: string) {
    this.origin = origin
  }

  /** `tls`: key and certificate, for HTTPS. */
  static async start(tls?: { key: string; cert: string }): Promise<WebhookReceiver> {
    const listener = (request: IncomingMessage, response: ServerResponse) => void receive(request, response)
    const server = tls ? createTlsServer(tls, listener) : createServer(listener)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const receiver = new WebhookReceiver(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`)
    return receiver

    async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const received = { headers: request.headers, path: request.url ?? '', body: await text(request) }
      receiver.received.push(received)
      receiver.answer(response, received)
    }
  }
}
