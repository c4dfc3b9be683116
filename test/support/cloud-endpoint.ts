import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Received } from './answering-server.ts'

export interface CloudEndpoint {
  url: string
  /** The next request that was answered, of those that nobody has asked for yet. */
  next: () => Promise<Received>
  received: Received[]
}

/** Something that answers as a cloud would, with the whole request in hand. Its `Date` is `now()`. Ends with the test. */
export async function cloudEndpoint(
  now: () => number,
  answer: (request: Received, response: ServerResponse) => void,
): Promise<CloudEndpoint> {
  const received: Received[] = []
  const waiting: ((request: Received) => void)[] = []
  let given = 0
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { method = '', url = '', headers } = incoming
    const request = { method, url, headers, body: Buffer.concat(chunks) }
    response.sendDate = false
    response.setHeader('date', new Date(now()).toUTCString())
    response.on('close', () => {
      received.push(request)
      const waits = waiting.shift()
      if (!waits) return
      given++
      waits(request)
    })
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const next = () => {
    const there = received[given]
    if (!there) return new Promise<Received>((resolve) => waiting.push(resolve))
    given++
    return Promise.resolve(there)
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, next, received }
}
