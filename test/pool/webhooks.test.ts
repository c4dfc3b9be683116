import { expect, test } from 'vitest'
import { publicJobSchema } from '../../shared/public-job.ts'
import { ownRedis } from '../support/own-redis.ts'
import { PoolQueue } from '../support/pool-queue.ts'
import { newTestJob } from '../support/queue.ts'
import { MASTER_SECRET, OWNER, verifiedMessage, WebhookJobs } from '../support/webhook-jobs.ts'
import { type Received, WebhookReceiver } from '../support/webhook-receiver.ts'

test('the end of a job is told once, signed with its owner’s secret, and the job says so', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const id = await jobs.ended(`${receiver.origin}/hook?token=1`)
  const { results } = jobs.sender()
  expect(await results.next()).toBe('delivered')

  expect(receiver.received).toHaveLength(1)
  const [received] = receiver.received as [Received]
  expect(received.path).toBe('/hook?token=1')
  expect(received.headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': 'edgebatch-webhooks',
    'webhook-id': `msg_${id}`,
  })
  const message = await verifiedMessage(received)
  const data = publicJobSchema.parse(message.data)
  expect(message.type).toBe('job.succeeded')
  expect(message.timestamp).toBe(data.completed_at)
  expect(data).toMatchObject({ id, status: 'succeeded', urls: { get: `https://edge.example/result/${id}` } })
  expect(data.predictions).toEqual([{ label: 'cat', probability: 0.9, index: 3 }])
  await expect(verifiedMessage(received, '')).rejects.toThrow('No matching signature')

  const delivery = await jobs.delivery(id)
  expect(delivery).toMatchObject({ status: 'delivered', attempts: 1, last_status: 204, last_error: null })
  expect(delivery?.delivered_at).toBeLessThanOrEqual(await jobs.nowMs())
  expect(await jobs.dueAt(id)).toBeNull()
})

test('what has been told is not told again, even if it is scheduled once more', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const told = await jobs.ended(receiver.origin)
  const { sender, results } = jobs.sender()
  expect(await results.next()).toBe('delivered')
  await jobs.makeDue(told)
  await jobs.ended(receiver.origin)
  sender.kick()
  expect(await results.next()).toBe('delivered')
  expect(receiver.received).toHaveLength(2)
  expect(await jobs.dueAt(told)).toBeNull()
})

test('after a failure it is told again, with the same id and body and a signature of then', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  receiver.answer = (response) => response.writeHead(500).end('secret of the receiver')
  const id = await jobs.ended(receiver.origin)
  const { sender, results } = jobs.sender()
  expect(await results.next()).toBe('failed')

  const waiting = await jobs.delivery(id)
  expect(waiting).toMatchObject({ status: 'pending', attempts: 1, last_status: 500, last_error: 'HTTP 500' })
  expect(waiting?.next_attempt_at).toBe(await jobs.dueAt(id))
  const pauseMs = (waiting?.next_attempt_at ?? 0) - (await jobs.nowMs())
  expect(pauseMs).toBeLessThanOrEqual(5_000)

  receiver.answer = (response) => response.writeHead(200).end()
  await jobs.makeDue(id)
  sender.kick()
  expect(await results.next()).toBe('delivered')
  expect(await jobs.delivery(id)).toMatchObject({ status: 'delivered', attempts: 2, last_status: 200 })
  const [first, second] = receiver.received as [Received, Received]
  expect(second.body).toBe(first.body)
  expect(second.headers['webhook-id']).toBe(first.headers['webhook-id'])
  await verifiedMessage(second)
})

test('it is given up after the eighth failure', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  receiver.answer = (response) => response.writeHead(503).end()
  const { sender, results } = jobs.sender()
  const id = await jobs.ended(receiver.origin)
  for (let attempt = 1; attempt <= 7; attempt++) {
    await jobs.makeDue(id)
    sender.kick()
    expect(await results.next()).toBe('failed')
  }
  await jobs.makeDue(id)
  sender.kick()
  expect(await results.next()).toBe('given-up')
  expect(await jobs.delivery(id)).toMatchObject({ status: 'failed', attempts: 8, next_attempt_at: null })
  expect(await jobs.dueAt(id)).toBeNull()
})

test('a receiver that asks for time with 429 gets it', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  receiver.answer = (response) => response.writeHead(429, { 'retry-after': '600' }).end()
  const before = await jobs.nowMs()
  const id = await jobs.ended(receiver.origin)
  const { results } = jobs.sender()
  expect(await results.next()).toBe('failed')
  expect(await jobs.dueAt(id)).toBeGreaterThanOrEqual(before + 600_000)
})

test('if it names a date, that is by its own clock', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const theirs = (ms: number) => new Date(ms).toUTCString()
  const now = Date.UTC(2040, 0, 1)
  receiver.answer = (response) =>
    response.writeHead(503, { date: theirs(now), 'retry-after': theirs(now + 600_000) }).end()
  const before = await jobs.nowMs()
  const id = await jobs.ended(receiver.origin)
  const { results } = jobs.sender()
  expect(await results.next()).toBe('failed')
  const due = await jobs.dueAt(id)
  expect(due).toBeGreaterThanOrEqual(before + 600_000)
  expect(due).toBeLessThanOrEqual((await jobs.nowMs()) + 600_000)
})

test('what a pool took and did not send, another sends once the lease is over', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const id = await jobs.ended(receiver.origin)
  const { due } = await jobs.outbox.take(10)
  expect(due.map(({ job }) => job.id)).toEqual([id])
  // The job's end is written meanwhile, which makes it due once more: the lease stands.
  await jobs.redis.zadd(jobs.keys.webhooks(), 0, id)
  expect((await jobs.outbox.take(10)).due).toEqual([])
  expect(await jobs.dueAt(id)).toBe(Number(due[0]?.lease))

  await jobs.makeDue(id)
  const { results } = jobs.sender()
  expect(await results.next()).toBe('delivered')
  expect(receiver.received).toHaveLength(1)
})

test('a pool whose lease is over cannot overwrite what another has written', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const id = await jobs.ended(receiver.origin)
  const [late] = (await jobs.outbox.take(1)).due
  await jobs.makeDue(id)
  const { results } = jobs.sender()
  expect(await results.next()).toBe('delivered')
  if (!late) throw new Error('nothing was taken')
  const failed = { status: 'failed', attempts: 1, last_status: 500, last_error: 'HTTP 500' } as const
  await jobs.outbox.settle(late, failed)
  expect(await jobs.delivery(id)).toMatchObject({ status: 'delivered' })
})

test('a sender that is stopped gives back what hangs, and sends what has just come', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const arrived = Promise.withResolvers<void>()
  receiver.answer = (response, { path }) => {
    if (path === '/hangs') arrived.resolve()
    else response.writeHead(204).end()
  }
  const hanging = await jobs.ended(`${receiver.origin}/hangs`)
  const { sender, clock, results } = jobs.sender()
  await arrived.promise
  const last = await jobs.ended(receiver.origin)
  const stopped = sender.stop(5_000)
  expect(await results.next()).toBe('delivered')
  clock.wake(5_000)
  await stopped
  expect(await jobs.delivery(last)).toMatchObject({ status: 'delivered' })
  expect(await jobs.delivery(hanging)).toBeUndefined()
  expect(await jobs.dueAt(hanging)).toBeLessThanOrEqual(await jobs.nowMs())
})

test('410 switches the receiver off for its owner, and for no other', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  receiver.answer = (response) => response.writeHead(410).end()
  const first = await jobs.ended(receiver.origin)
  const { sender, results } = jobs.sender()
  expect(await results.next()).toBe('disabled')
  expect(await jobs.delivery(first)).toMatchObject({ status: 'disabled', attempts: 1, last_status: 410 })
  expect(await jobs.dueAt(first)).toBeNull()

  const second = await jobs.ended(receiver.origin)
  sender.kick()
  expect(await results.next()).toBe('refused')
  expect(await jobs.delivery(second)).toMatchObject({ status: 'disabled', attempts: 0, last_status: null })
  expect(receiver.received).toHaveLength(1)

  await jobs.ended(receiver.origin, { owner: '' })
  sender.kick()
  expect(await results.next()).toBe('disabled')
  expect(receiver.received).toHaveLength(2)
  const [mark] = await jobs.redis.keys(`${jobs.keys.prefix}webhook-off:*`)
  expect(await jobs.redis.pttl(mark ?? '')).toBeGreaterThan(86_000_000)
})

test('an end that was not asked for is not told', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const id = await jobs.ended(receiver.origin, { events: ['failed', 'expired'] })
  const { results } = jobs.sender()
  expect(await results.next()).toBe('skipped')
  expect(await jobs.delivery(id)).toMatchObject({ status: 'skipped', attempts: 0, last_status: null })
  expect(await jobs.dueAt(id)).toBeNull()
  expect(receiver.received).toEqual([])
})

test('a job past its deadline is told as expired, whether or not a pool has written that down', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const deadline = (await jobs.nowMs()) - 1
  const fields = { status: 'processing', deadline: String(deadline) }
  const id = await jobs.ended(receiver.origin, { fields })
  await jobs.redis.hdel(jobs.keys.job('test-model', id), 'completed_at', 'predictions')
  const { results } = jobs.sender()
  expect(await results.next()).toBe('delivered')
  const message = await verifiedMessage(receiver.received[0] as Received)
  expect(message).toMatchObject({
    ...{ type: 'job.expired', timestamp: new Date(deadline).toISOString() },
    data: { id, status: 'expired', error: { code: 'job-expired' } },
  })
})

test('a job made with a webhook is told of when it is canceled', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const webhook = { url: receiver.origin, events: ['canceled' as const], origin: 'https://edge.example' }
  const accepted = await jobs.producer.enqueue(newTestJob({ webhook, owner: OWNER }))
  if (accepted.outcome !== 'queued') throw new Error(accepted.outcome)
  const { id, deadline } = accepted.job
  expect(await jobs.dueAt(id)).toBe(deadline)
  await jobs.producer.cancel(accepted.job)
  const { results } = jobs.sender()
  expect(await results.next()).toBe('delivered')
  const message = await verifiedMessage(receiver.received[0] as Received)
  expect(message).toMatchObject({ type: 'job.canceled', data: { id, status: 'canceled' } })
  expect((await jobs.producer.read(id))?.webhook_delivery).toMatchObject({ status: 'delivered', attempts: 1 })
})

test('a job that goes on waits for its deadline; one that is gone is forgotten', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const deadline = (await jobs.nowMs()) + 60_000
  const fields = { status: 'queued', deadline: String(deadline) }
  const open = await jobs.ended(receiver.origin, { fields })
  const gone = await jobs.ended(receiver.origin)
  await jobs.redis.del(jobs.keys.job('test-model', gone))
  const damaged = await jobs.ended(receiver.origin, { fields: { priority: 'whatever' } })
  await jobs.redis.zadd(jobs.keys.webhooks(), 0, 'no id at all')
  expect(await jobs.outbox.take(10)).toMatchObject({ due: [], damaged: [damaged] })
  expect(await jobs.redis.zrange(jobs.keys.webhooks(), 0, '-1')).toEqual([open])
  expect(await jobs.dueAt(open)).toBe(deadline)
})

test('where nobody sends them, those whose job is gone or that are a day overdue are forgotten, some at a time', async () => {
  const jobs = await WebhookJobs.open()
  const ids = await Promise.all(Array.from({ length: 5 }, () => jobs.ended('http://hooks.example')))
  const [waits, gone, overdue, almost, later] = ids as [string, string, string, string, string]
  const now = await jobs.nowMs()
  const due = { [almost]: now - 86_300_000, [waits]: now - 2, [gone]: now - 1, [overdue]: now - 86_400_001 }
  for (const [id, at] of Object.entries(due)) await jobs.redis.zadd(jobs.keys.webhooks(), at, id)
  await jobs.redis.zadd(jobs.keys.webhooks(), now + 60_000, later)
  for (const id of [gone, later]) await jobs.redis.del(jobs.keys.job('test-model', id))
  expect(await jobs.outbox.forget(0, 2)).toEqual({ looked: 2, forgotten: 1 })
  expect(await jobs.outbox.forget(1, 2)).toEqual({ looked: 2, forgotten: 1 })
  expect(await jobs.redis.zrange(jobs.keys.webhooks(), 0, '-1')).toEqual([almost, waits, later])
})

test('a result that is kept no longer is sent once, since that may have come too late for it, and not again', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  receiver.answer = (response) => response.writeHead(500).end()
  const completed_at = String((await jobs.nowMs()) - 601_000)
  const id = await jobs.ended(receiver.origin, { fields: { completed_at } })
  const { sender, results } = jobs.sender()
  expect(await results.next()).toBe('failed')
  const message = await verifiedMessage(receiver.received[0] as Received)
  expect(message).toMatchObject({ type: 'job.succeeded', data: { predictions: [{ label: 'cat' }] } })

  await jobs.makeDue(id)
  sender.kick()
  expect(await results.next()).toBe('given-up')
  expect(await jobs.delivery(id)).toMatchObject({ status: 'failed', attempts: 1 })
  expect(receiver.received).toHaveLength(1)
})

test('a Redis that is full holds up none', async () => {
  const [redis, receiver] = [await ownRedis(), await WebhookReceiver.start()]
  const jobs = await WebhookJobs.open(redis.url)
  const id = await jobs.ended(receiver.origin)
  await jobs.redis.config('SET', 'maxmemory', '1')
  const { results } = jobs.sender()
  expect(await results.next()).toBe('delivered')
  expect(await jobs.delivery(id)).toMatchObject({ status: 'delivered', attempts: 1 })
})

test('a pool that starts sends what is due', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const id = await jobs.ended(receiver.origin)
  const arrived = Promise.withResolvers<Received>()
  receiver.answer = (response, received) => {
    response.writeHead(204).end()
    arrived.resolve(received)
  }
  const queue = await PoolQueue.open(undefined, jobs.keys)
  const env = { WEBHOOK_SECRET: MASTER_SECRET, WEBHOOK_ALLOW_PRIVATE: 'true' }
  const pool = await queue.startPool(env)
  expect(await verifiedMessage(await arrived.promise)).toMatchObject({ data: { id } })
  await pool.stop()
  expect(await jobs.delivery(id)).toMatchObject({ status: 'delivered', attempts: 1 })
})
