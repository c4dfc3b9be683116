import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { createSendWebhook } from '../../worker-pool/webhooks/webhook-request.ts'
import { selfSigned } from '../support/self-signed.ts'
import { StandingClock } from '../support/standing-clock.ts'
import { verifiedMessage, WebhookJobs } from '../support/webhook-jobs.ts'
import { type Received, WebhookReceiver } from '../support/webhook-receiver.ts'

test('a redirect is not followed', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const elsewhere = await WebhookReceiver.start()
  receiver.answer = (response) => response.writeHead(307, { location: elsewhere.origin }).end()
  const id = await jobs.ended(receiver.origin)
  const { results } = jobs.sender()
  expect(await results.next()).toBe('failed')
  expect(await jobs.delivery(id)).toMatchObject({
    ...{ status: 'pending', last_status: 307, last_error: 'a redirect, which is not followed' },
  })
  expect(elsewhere.received).toEqual([])
})

test('a URL that is not allowed is given up at once', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const id = await jobs.ended(receiver.origin)
  const { results } = jobs.sender({ allowPrivate: false })
  expect(await results.next()).toBe('given-up')
  expect(await jobs.delivery(id)).toMatchObject({ status: 'failed', attempts: 0, last_status: null })
  expect(receiver.received).toEqual([])
})

test.each([[['127.0.0.1']], [['93.184.215.14', '127.0.0.1']], [['::ffff:127.0.0.1']], [[]]])(
  'a name that resolves to %j is not connected to',
  async (addresses) => {
    const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
    const asked: string[] = []
    const resolveAll = async (hostname: string) => {
      asked.push(hostname)
      return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    }
    const id = await jobs.ended(`https://hooks.example:${new URL(receiver.origin).port}`)
    const { results } = jobs.sender({ allowPrivate: false, resolveAll })
    expect(await results.next()).toBe('failed')
    expect(asked).toEqual(['hooks.example'])
    const last_error = 'its host has no public address'
    expect(await jobs.delivery(id)).toMatchObject({ status: 'pending', last_status: null, last_error })
  },
)

test('a name that does not resolve is told like one that has no public address', async () => {
  const jobs = await WebhookJobs.open()
  const resolveAll = () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }))
  const id = await jobs.ended('https://hooks.example')
  const { results } = jobs.sender({ allowPrivate: false, resolveAll })
  expect(await results.next()).toBe('failed')
  expect(await jobs.delivery(id)).toMatchObject({ last_error: 'its host has no public address' })
})

test('a receiver that hangs costs its own time, and nobody else’s', async () => {
  const [jobs, slow, quick] = [
    await WebhookJobs.open(),
    await WebhookReceiver.start(),
    await WebhookReceiver.start(),
  ]
  const allArrived = Promise.withResolvers<void>()
  slow.answer = () => {
    if (slow.received.length === 4) allArrived.resolve()
  }
  const hanging = await Promise.all(Array.from({ length: 6 }, () => jobs.ended(slow.origin)))
  const { sender, clock, results } = jobs.sender()
  await allArrived.promise
  await jobs.ended(quick.origin)
  sender.kick()
  expect(await results.next()).toBe('delivered')
  expect(slow.received).toHaveLength(4)

  clock.wake(10_000)
  for (let i = 0; i < 4; i++) expect(await results.next()).toBe('failed')
  const deliveries = await Promise.all(hanging.map((id) => jobs.delivery(id)))
  const timedOut = { status: 'pending', attempts: 1, last_status: null, last_error: 'no answer within 10 s' }
  expect(deliveries.filter((delivery) => delivery !== undefined)).toEqual(
    Array(4).fill(expect.objectContaining(timedOut)),
  )
})

test('of an answer without end only the beginning is read', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const cutOff = Promise.withResolvers<void>()
  receiver.answer = (response) => {
    response.writeHead(200)
    response.on('close', cutOff.resolve)
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    }
    response.on('drain', more)
    more()
  }
  const id = await jobs.ended(receiver.origin)
  const { results } = jobs.sender()
  expect(await results.next()).toBe('delivered')
  await cutOff.promise
  expect(await jobs.delivery(id)).toMatchObject({ status: 'delivered', last_status: 200 })
})

test('an answer whose body does not come counts by its status', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  const begun = Promise.withResolvers<void>()
  const onHeaders = () => begun.resolve()
  subscribe('undici:request:headers', onHeaders)
  onTestFinished(() => void unsubscribe('undici:request:headers', onHeaders))
  receiver.answer = (response) => response.writeHead(200, { 'content-length': '10' }).write('12345')
  const id = await jobs.ended(receiver.origin)
  const { clock, results } = jobs.sender()
  await begun.promise
  await setImmediate()
  clock.wake(10_000)
  expect(await results.next()).toBe('delivered')
  expect(await jobs.delivery(id)).toMatchObject({ attempts: 1, last_status: 200 })
})

test('HTTPS is spoken with receivers whose certificate is trusted, and with no others', async () => {
  const tls = await selfSigned()
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start(tls)]
  const id = await jobs.ended(receiver.origin)
  const { sender, results } = jobs.sender()
  expect(await results.next()).toBe('failed')
  expect(receiver.received).toEqual([])
  expect(await jobs.delivery(id)).toMatchObject({ last_error: 'its TLS certificate is not valid' })

  const trusted = getCACertificates('default')
  setDefaultCACertificates([...trusted, tls.cert])
  onTestFinished(() => setDefaultCACertificates(trusted))
  await jobs.makeDue(id)
  sender.kick()
  expect(await results.next()).toBe('delivered')
  await verifiedMessage(receiver.received[0] as Received)
})

test('where too many wait for one receiver, the rest comes back some seconds later', async () => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  receiver.answer = () => {}
  const now = await jobs.nowMs()
  const ids = await Promise.all(Array.from({ length: 70 }, () => jobs.ended(receiver.origin)))
  jobs.sender()
  // 4 are sent and 32 wait here, on their leases of 60 s.
  const putOff = () => jobs.redis.zcount(jobs.keys.webhooks(), now + 5_000, now + 40_000)
  while ((await putOff()) < ids.length - 36);
  expect(await putOff()).toBe(34)
  expect(await jobs.redis.zcard(jobs.keys.webhooks())).toBe(70)
})

test.each([
  ['at as many hosts', (i: number) => `http://hook-${i}.example`],
  ['at one host', () => 'http://hooks.example'],
])('600 of one owner that hang %s hold up no other owner’s', async (_, urlOf) => {
  const [jobs, receiver] = [await WebhookJobs.open(), await WebhookReceiver.start()]
  await Promise.all(Array.from({ length: 600 }, (_, i) => jobs.ended(urlOf(i))))
  const ofAnother = await jobs.ended(receiver.origin, { owner: 'another' })
  const really = createSendWebhook({ allowPrivate: true, clock: new StandingClock() })
  const { results } = jobs.sender({
    send: (url, message, signal) => (url === receiver.origin ? really(url, message, signal) : hang(signal)),
  })
  expect(await results.next()).toBe('delivered')
  expect(await jobs.delivery(ofAnother)).toMatchObject({ status: 'delivered', attempts: 1 })
})

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}
