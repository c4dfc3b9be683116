import { type AddressInfo, connect as connectTcp, createServer } from 'node:net'
import { Redis } from 'ioredis'
import { expect, inject, onTestFinished, test } from 'vitest'
import { freePort } from '../../local-stack/free-port.ts'
import type { GroupEntries } from '../../shared/pool-redis-commands.ts'
import { RedisUnreachableError } from '../../shared/redis-commands.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { freshKeys } from '../support/gateway.ts'
import { ownRedis } from '../support/own-redis.ts'
import { untilBlocked } from '../support/until-blocked.ts'
import { wayToRedis } from '../support/way-to-redis.ts'

/** A connection for commands and a reader. */
async function connect(url: string = inject('redisUrl')) {
  const redis = await RedisTcp.connect(url)
  const reader = await redis.openReader()
  onTestFinished(() => {
    reader.close()
    redis.close()
  })
  return {
    run: redis.run.bind(redis),
    onRecovery: redis.onRecovery.bind(redis),
    readGroup: reader.read.bind(reader),
    endWaiting: reader.endWaiting.bind(reader),
  }
}

const jobsOf = (read: GroupEntries | undefined) => read?.entries.map(({ job }) => job)

/** A way to the run's Redis on which, once `slowDown` was called, XREADGROUP arrives only after the first UNBLOCK has been answered. */
async function slowWayForReads() {
  const { hostname, port } = new URL(inject('redisUrl'))
  const unblockAnswered = Promise.withResolvers<void>()
  let isSlow = false
  const proxy = createServer((client) => {
    const server = connectTcp(Number(port), hostname)
    let asksToUnblock = false
    client.on('data', (data) => {
      if (data.includes('UNBLOCK')) asksToUnblock = true
      if (isSlow && data.includes('XREADGROUP')) unblockAnswered.promise.then(() => server.write(data))
      else server.write(data)
    })
    server.on('data', (data) => {
      client.write(data)
      if (asksToUnblock) unblockAnswered.resolve()
    })
    client.on('close', () => server.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void proxy.close())
  const slowDown = () => {
    isSlow = true
  }
  return { url: `redis://127.0.0.1:${(proxy.address() as AddressInfo).port}`, slowDown }
}

const join = {
  name: 'join',
  source: `return redis.call('XGROUP', 'CREATE', KEYS[1], 'g', '0', 'MKSTREAM')`,
}
const readOf = (stream: string) => ({
  ...{ streams: [stream], group: 'g', consumer: 'me' },
  ...{ count: 1, blockMs: 3_600_000 },
})

const add = { name: 'add', source: `redis.call('XADD', KEYS[1], '*', 'job', 'a')` }

/** Makes a stream and reads once: before that, the reader may not know by what id to be unblocked, and would come back by itself. */
async function readOnce(redis: Awaited<ReturnType<typeof connect>>, stream: string): Promise<void> {
  await redis.run(join, [stream], [])
  await redis.run(add, [stream], [])
  expect(jobsOf(await redis.readGroup(readOf(stream)))).toEqual(['a'])
}

test('a read can be ended the moment it has begun', async () => {
  const [redis, key] = [await connect(), freshKeys()]
  await readOnce(redis, key('x'))
  const reading = redis.readGroup(readOf(key('x')))
  await redis.endWaiting()
  expect(jobsOf(await reading)).toEqual([])
})

test('a read can be ended though it reaches Redis after the order to end it', async () => {
  const way = await slowWayForReads()
  const [redis, key] = [await connect(way.url), freshKeys()]
  await readOnce(redis, key('x'))
  way.slowDown()
  const reading = redis.readGroup(readOf(key('x')))
  await redis.endWaiting()
  expect(jobsOf(await reading)).toEqual([])
})

test('ending a read when there is none does nothing', async () => {
  const [redis, key] = [await connect(), freshKeys()]
  await redis.run(join, [key('x')], [])
  await redis.endWaiting()
  const read = redis.readGroup(readOf(key('x')))
  await redis.run(add, [key('x')], [])
  expect(jobsOf(await read)).toEqual(['a'])
})

test('a read whose connection is lost ends empty; the next one works, and can be ended', async () => {
  const { url } = await ownRedis()
  const [redis, observer] = [await connect(url), new Redis(url, { protocol: 2 })]
  onTestFinished(() => observer.disconnect())
  await redis.run(join, ['x'], [])
  const cutOff = redis.readGroup(readOf('x'))
  await untilBlocked(observer)
  await observer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  expect(await cutOff).toBeUndefined()

  const next = redis.readGroup(readOf('x'))
  await redis.run(add, ['x'], [])
  expect(jobsOf(await next)).toEqual(['a'])

  const last = redis.readGroup(readOf('x'))
  await redis.endWaiting()
  expect(jobsOf(await last)).toEqual([])
})

test('what Redis handed out and never arrived comes first on the next read', async () => {
  const { url } = await ownRedis()
  const [redis, observer] = [await connect(url), new Redis(url, { protocol: 2 })]
  onTestFinished(() => observer.disconnect())
  await redis.run(join, ['x'], [])
  const cutOff = redis.readGroup(readOf('x'))
  await untilBlocked(observer)
  await observer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  expect(await cutOff).toBeUndefined()
  // As if the answer had been lost on its way: handed to this consumer, by another connection.
  await observer.xadd('x', '*', 'job', 'lost')
  await observer.xreadgroup('GROUP', 'g', 'me', 'STREAMS', 'x', '>')
  await observer.xadd('x', '*', 'job', 'new')

  const jobs = async () => jobsOf(await redis.readGroup(readOf('x')))
  expect(await jobs()).toEqual(['lost'])
  expect(await jobs()).toEqual(['new'])
})

test('where Redis refuses to end a read, it is ended all the same', async () => {
  const { url } = await ownRedis()
  const [redis, observer] = [await connect(url), new Redis(url, { protocol: 2 })]
  onTestFinished(() => observer.disconnect())
  await redis.run(join, ['x'], [])
  await observer.call('ACL', 'SETUSER', 'default', '-client|unblock')
  const reading = redis.readGroup(readOf('x'))
  await redis.endWaiting()
  expect(await reading).toBeUndefined()
})

test('who asks is told when Redis is back', async () => {
  const { url } = await ownRedis()
  const [redis, observer] = [await connect(url), new Redis(url, { protocol: 2 })]
  onTestFinished(() => observer.disconnect())
  const back = new Promise<void>((resolve) => redis.onRecovery(resolve))
  await observer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await back
})

test('a Redis that does not answer is told with its address and the reason, never with its password', async () => {
  const port = await freePort()
  const connecting = RedisTcp.connect(`redis://:secret@127.0.0.1:${port}`)
  await expect(connecting).rejects.toThrow(RedisUnreachableError)
  await expect(connecting).rejects.toThrow(
    `cannot reach Redis at 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
  )
  await expect(connecting).rejects.not.toThrow('secret')
})

test('a Redis that has become a replica is left for the one that took its place', async () => {
  const [old, next] = [await ownRedis(), await ownRedis()]
  let primary = old.url
  const redis = await connect(
    await wayToRedis(
      () => primary,
      (client, data) => client.write(data),
    ),
  )
  const observer = new Redis(old.url, { protocol: 2 })
  onTestFinished(() => observer.disconnect())
  const { hostname, port } = new URL(next.url)
  await observer.replicaof(hostname, Number(port))
  primary = next.url
  const write = { name: 'set', source: `return redis.call('SET', KEYS[1], '1')` }
  await expect(redis.run(write, ['x'], [])).rejects.toThrow('READONLY')
  expect(await redis.run(write, ['x'], [])).toBe('OK')
})
