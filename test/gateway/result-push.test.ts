import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { RestResultPush } from '../../edge/result-push.ts'
import { bundleEdge } from '../../local-stack/edge-bundle.ts'
import { type NodeService, startService } from '../../local-stack/node-service.ts'
import { systemClock } from '../../shared/clock.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { openStream } from '../support/event-stream.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { processEnv } from '../support/process-env.ts'

/** The edge's end of push, on Node and in workerd, through the real gateway. */
let gateway: TestGateway
let redis: Redis

beforeAll(async () => {
  gateway = await testGateway(inject('redisUrl'))
  redis = new Redis(inject('redisUrl'), { protocol: 2 })
})

afterAll(async () => {
  redis.disconnect()
  await gateway.close()
})

const freshChannel = () => new RedisKeys(`test:${crypto.randomUUID()}:`).done('a-model', 'job')

async function untilNobodyListens(channel: string): Promise<void> {
  while ((await redis.pubsub('NUMSUB', channel))[1] !== 0);
}

describe('on Node', () => {
  test('what is published after the acknowledgement comes; after closing nobody listens', async () => {
    const channel = freshChannel()
    const stream = new RestResultPush(gateway, systemClock).open(channel)
    expect(await stream.acknowledged).toBe(true)
    for (const message of ['{"status":"succeeded","label":"grüße, 漢"}', '', 'x'.repeat(64 * 1024)]) {
      expect(await redis.publish(channel, message)).toBe(1)
      expect(await stream.nextMessage()).toBe(message)
    }
    await redis.publish(channel, 'x'.repeat(500_000))
    expect(await stream.nextMessage()).toBe('')
    stream.close()
    expect(await stream.nextMessage()).toBeUndefined()
    await untilNobodyListens(channel)
  })

  test('a gateway that ends is the end of the stream, and then there is no push', async () => {
    const ending = await testGateway(inject('redisUrl'))
    onTestFinished(() => ending.close())
    const push = new RestResultPush(ending, systemClock)
    const stream = push.open(freshChannel())
    expect(await stream.acknowledged).toBe(true)
    const next = stream.nextMessage()
    await ending.service.stop()
    expect(await next).toBeUndefined()
    expect(await push.open(freshChannel()).acknowledged).toBe(false)
  })

  test('a wrong token: no push', async () => {
    const stream = new RestResultPush({ url: gateway.url, token: 'wrong' }, systemClock).open(freshChannel())
    expect(await stream.acknowledged).toBe(false)
  })
})

describe('in workerd', () => {
  let folder: string
  let worker: NodeService

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgebatch-push-'))
    const entry = fileURLToPath(new URL('../support/push-worker.ts', import.meta.url))
    const bundle = await bundleEdge(join(folder, 'bundle'), processEnv(), { entry })
    worker = await startService({
      name: 'push-worker',
      entry: 'local-stack/edge-main.ts',
      folder,
      env: { ...processEnv(), PORT: '0', EDGE_BUNDLE: bundle.folder, EDGE_BINDINGS: '{}' },
    })
  })

  afterAll(async () => {
    await worker?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const listen = (channel: string, { url, token }: { url: string; token: string } = gateway) => {
    const body = JSON.stringify({ url, token, channel })
    const address = { url: String(worker.ready.url), token: '' }
    // Compressed, lines would be held back until the end.
    return openStream(address, '', { method: 'POST', body, headers: { 'accept-encoding': 'identity' } })
  }

  test('what is published after the acknowledgement comes; after closing nobody listens', async () => {
    const channel = freshChannel()
    const lines = await listen(channel)
    expect(await lines.next()).toEqual(['acknowledged true'])
    for (const message of ['{"status":"succeeded","label":"grüße, 漢"}', 'second', 'close']) {
      expect(await redis.publish(channel, message)).toBe(1)
      expect(await lines.next()).toEqual([`message ${message}`])
    }
    expect(await lines.next()).toEqual(['after close undefined'])
    await untilNobodyListens(channel)
  })

  test('a gateway that ends is the end of the stream', async () => {
    const ending = await testGateway(inject('redisUrl'))
    onTestFinished(() => ending.close())
    const lines = await listen(freshChannel(), ending)
    expect(await lines.next()).toEqual(['acknowledged true'])
    await ending.service.stop()
    expect(await lines.next()).toEqual(['message undefined'])
  })

  test('a gateway that is not there: no push', async () => {
    const lines = await listen(freshChannel(), { url: 'http://127.0.0.1:1', token: 'none' })
    expect(await lines.next()).toEqual(['acknowledged false'])
  })
})
