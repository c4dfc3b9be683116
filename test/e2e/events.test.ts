import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { MAX_LOOKS } from '../../edge/waiting/job-events.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { example } from '../support/photos.ts'
import { eventsIn } from '../support/server-sent-events.ts'
import { addPoolForTest, MODEL, stackWithoutPools, type TestStack } from '../support/stack.ts'

const ASYNC = { headers: { prefer: 'respond-async' } }
const EVENTS = { headers: { accept: 'text/event-stream' } }

let stack: TestStack
beforeAll(async () => {
  stack = await stackWithoutPools()
})
afterAll(() => stack?.close())

const submitted = async (to = stack) =>
  (await (await to.predict(example('cat.jpg'), ASYNC)).json()) as PublicJob
const eventsOf = (id: string, headers: Record<string, string> = {}, signal?: AbortSignal, of = stack) =>
  fetch(`${of.edge.url}/result/${id}`, {
    headers: { ...EVENTS.headers, ...headers },
    ...(signal && { signal }),
  })

/** How many channels somebody listens to. */
const channels = async ({ redis, keys } = stack) =>
  ((await redis.pubsub('CHANNELS', `${keys.prefix}*`)) as string[]).length

/** Counts the edge's looks at a job from now on; what a script does in Redis is none. */
async function looksAt(id: string): Promise<() => number> {
  const monitor = await stack.redis.monitor()
  onTestFinished(() => monitor.disconnect())
  let looks = 0
  monitor.on('monitor', (_time: string, command: string[], source: string) => {
    if (source !== 'lua' && command.includes(stack.keys.job(MODEL, id))) looks++
  })
  return () => looks
}

test('a job tells its place, and its end the moment it comes; who has seen all gets 204', async () => {
  const first = await submitted()
  const second = await submitted()
  const place = Number(first.queue_position) + 1
  expect(second.queue_position).toBe(place)
  const response = await eventsOf(second.id)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const seen: { event: string; id: string; job: PublicJob }[] = []
  for await (const { event, id, data } of eventsIn(response)) {
    seen.push({ event, id, job: JSON.parse(data) as PublicJob })
    if (seen.length === 1) await addPoolForTest(stack)
  }
  expect(seen[0]).toMatchObject({ event: 'queued', id: '1', job: { id: second.id, queue_position: place } })
  expect(seen.at(-1)).toMatchObject({ event: 'succeeded', job: { status: 'succeeded', success: true } })
  const ids = seen.map(({ id }) => Number(id))
  expect(ids).toEqual(ids.toSorted((a, b) => a - b))

  const again = await eventsOf(second.id)
  expect((await again.text()).match(/^event: .*/gm)).toEqual(['event: succeeded'])
  expect((await eventsOf(first.id, { 'last-event-id': '3' })).status).toBe(204)
  expect((await eventsOf(first.id, { 'last-event-id': 'nonsense' })).status).toBe(200)
})

test('POST /predict tells events as well, where it is asked to', async () => {
  await addPoolForTest(stack)
  const response = await stack.predict(example('cat.jpg'), EVENTS)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const events = []
  for await (const { event, data } of eventsIn(response))
    events.push([event, (JSON.parse(data) as PublicJob).status])
  expect(events[0]).toEqual(['queued', 'queued'])
  expect(events.at(-1)).toEqual(['succeeded', 'succeeded'])
})

test('a client that goes frees all that it held, here and in the gateway', async () => {
  const { id } = await submitted()
  const looks = await looksAt(id)
  const client = new AbortController()
  const response = await eventsOf(id, {}, client.signal)
  const events = eventsIn(response)
  await events.next()
  while ((await channels()) === 0);
  client.abort()
  await expect(events.next()).rejects.toThrow()
  while ((await channels()) > 0);
  // Otherwise it has ended by itself, as it does after so many.
  expect(looks()).toBeGreaterThan(0)
  expect(looks()).toBeLessThan(MAX_LOOKS)
})

test('who waits long for a result gets it by push, and leaves nothing behind', async () => {
  const { id } = await submitted()
  const waiting = stack.get(`/result/${id}?wait=60`)
  while ((await channels()) === 0);
  await addPoolForTest(stack)
  expect(await (await waiting).json()).toMatchObject({ id, status: 'succeeded' })
  while ((await channels()) > 0);
})

test('without push, polling finds the result all the same', async () => {
  const polling = await stackWithoutPools({ RESULT_PUSH: 'off' })
  onTestFinished(() => polling.close())
  const { id } = await submitted(polling)
  const waiting = polling.get(`/result/${id}?wait=60`)
  const told = eventsOf(id, {}, undefined, polling)
  await polling.addPool()
  expect(await (await waiting).json()).toMatchObject({ id, status: 'succeeded' })
  expect(await (await told).text()).toContain('event: succeeded')
  expect(await channels(polling)).toBe(0)
})

test('events of a job that never was are a problem, not a stream', async () => {
  const response = await eventsOf('AAAAAAAAAAAAAAAAAAAAAA.efficientnet-lite0')
  expect(response.status).toBe(404)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
})
