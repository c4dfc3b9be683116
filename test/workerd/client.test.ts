import { expect, test } from 'vitest'
import {
  type ClientOptions,
  EdgebatchClient,
  type EdgebatchError,
  type JobEvent,
} from '../../client/index.ts'
import worker from '../../edge/worker.ts'

const BINDINGS = {
  UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1',
  UPSTASH_REDIS_REST_TOKEN: 'unused-token-of-tests',
  ALLOW_ANONYMOUS: 'true',
}
const EXECUTION = {
  waitUntil: () => {},
  passThroughOnException: () => {},
  props: {},
} as unknown as ExecutionContext

/** Waits between two tries pass at once. */
const IMPATIENT = { clock: { now: () => 0, sleep: async () => {} } }

/** In a Worker the service may be a binding, with a fetch of its own. */
function bound(
  answer: (request: Request) => Promise<Response> | Response,
  options: Partial<ClientOptions> = {},
) {
  const requests: Request[] = []
  const fetch = async (url: string, init: RequestInit) => {
    const request = new Request(url, init)
    requests.push(request.clone())
    return answer(request)
  }
  return {
    client: new EdgebatchClient({ baseUrl: 'https://edge.test', fetch, maxRetries: 1, ...options }),
    requests,
  }
}

test('the client sends an image from a Worker, tries again, and tells what the edge says', async () => {
  const { client, requests } = bound((request) => worker.fetch(request, BINDINGS, EXECUTION), IMPATIENT)
  const image = new Blob([new Uint8Array([1, 2, 3])]).stream()
  const error = (await client.predict(image).catch((error: unknown) => error)) as EdgebatchError
  expect(error).toMatchObject({
    name: 'EdgebatchError',
    code: 'queue-unavailable',
    status: 503,
    retryAfterSeconds: 5,
  })
  expect(requests).toHaveLength(2)
  expect(new Set(requests.map((request) => request.headers.get('idempotency-key'))).size).toBe(1)
})

test('it follows events in a Worker', async () => {
  const stream =
    'event: queued\nid: 1\ndata: {"queue_position":1}\n\nevent: succeeded\nid: 3\ndata: {"success":true}\n\n'
  const { client } = bound(() => new Response(stream, { headers: { 'content-type': 'text/event-stream' } }))
  const events: JobEvent[] = []
  for await (const event of client.events('a.model')) events.push(event)
  expect(events).toEqual([
    { event: 'queued', job: { queue_position: 1 } },
    { event: 'succeeded', job: { success: true } },
  ])
})
