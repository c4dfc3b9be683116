import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface MetadataServer {
  baseUrl: string
  /** `METHOD path` of each request so far. */
  requests: string[]
}

/** A cloud's metadata server as `answer` has it; it is handed the request's `METHOD path`. Ends with the test. */
export async function metadataServer(
  answer: (line: string, request: IncomingMessage, response: ServerResponse) => void,
): Promise<MetadataServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`
    requests.push(line)
    answer(line, request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}
