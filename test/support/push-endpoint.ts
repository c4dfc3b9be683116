import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { RestResultPush } from '../../edge/result-push.ts'
import { HandClock } from './hand-clock.ts'

export const CHANNEL = 'eb:{model}:done:job'
export const TOKEN = 'token-of-the-endpoint'
export const STREAM = { 'content-type': 'text/event-stream' }
export const ACKNOWLEDGED = `data: subscribe,${CHANNEL},1\n\n`
export const message = (text: string) => `data: message,${CHANNEL},${text}\n\n`

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** An endpoint over HTTP that answers as `answer` says, and push from it. */
export async function pushFrom(answer: Answer) {
  const endpoint = { asked: 0, answer }
  const server = createServer((request, response) => {
    endpoint.asked++
    endpoint.answer(request, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const clock = new HandClock()
  return {
    push: new RestResultPush({ url: `http://127.0.0.1:${port}`, token: TOKEN }, clock),
    clock,
    endpoint,
  }
}

/** Sends pieces, each in a write of its own, and leaves the stream open. */
export function sending(...pieces: (string | Uint8Array)[]): Answer {
  return async (_, response) => {
    response.writeHead(200, STREAM)
    for (const piece of pieces) await new Promise((sent) => response.write(piece, sent))
  }
}
