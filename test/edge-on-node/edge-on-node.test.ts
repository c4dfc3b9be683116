import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startService } from '../../local-stack/node-service.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { example } from '../support/photos.ts'
import { processEnv } from '../support/process-env.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await testStack()
})
afterAll(() => stack?.close())

test.each(['gif', 'tiff', 'avif'] as const)('takes %s too', async (type) => {
  const photo = await sharp(example('coffee.png')).toFormat(type).toBuffer()
  const response = await stack.predict(photo)
  expect(response.status).toBe(200)
  expect(((await response.json()) as PublicJob).predictions?.[0]?.label).toBe('espresso')
})

test('what it cannot decode is refused with what it can', async () => {
  const response = await stack.predict(Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'))
  expect(response.status).toBe(415)
  expect(await response.json()).toMatchObject({
    code: 'unsupported-image',
    detail: 'HEIC is not supported; send one of JPEG, PNG, WebP, GIF, AVIF, TIFF.',
  })
})

test('an SVG, a PDF and a file that only begins like a TIFF are refused', async () => {
  for (const [text, status] of [
    ['<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 415],
    ['%PDF-1.7\n', 415],
    ['II*\0 and nothing that a TIFF would go on with', 422],
  ] as const) {
    expect((await stack.predict(Buffer.from(text, 'latin1'))).status).toBe(status)
  }
})

test('told to stop, it answers those who wait for a result with their job ids, and ends', async () => {
  const stopped = await testStack()
  onTestFinished(() => stopped.close())
  await stopped.pools[0]?.stop()
  const answer = stopped.predict(example('cat.jpg'), { headers: { prefer: 'wait=60' } })
  const jobs = () => stopped.redis.keys(`${stopped.keys.prefix}*:job:*`)
  while ((await jobs()).length === 0) await new Promise((resolve) => setImmediate(resolve))
  await stopped.edge.service.stop()
  const response = await answer
  expect(response.status).toBe(202)
  expect(response.headers.get('connection')).toBe('close')
  const { id, status } = (await response.json()) as PublicJob
  expect(status).toBe('queued')
  expect(await stopped.redis.exists(stopped.keys.job(MODEL, id))).toBe(1)
})

/** Starts it with these settings, which it should not bear. */
async function reasonToEnd(settings: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-edge-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const starting = startService({
    name: 'edge',
    entry: 'edge/node.ts',
    folder,
    env: { ...processEnv(), ...settings },
  })
  return starting.then(
    async (service) => {
      await service.stop()
      return 'it started'
    },
    (error: Error) => error.message,
  )
}

test('settings that are missing or wrong are named, in one message without a stack trace', async () => {
  const reason = await reasonToEnd({ UPSTASH_REDIS_REST_URL: 'localhost', UPSTASH_REDIS_REST_TOKEN: '' })
  expect(reason).toContain('UPSTASH_REDIS_REST_URL: must be an http:// or https:// URL')
  expect(reason).toContain('UPSTASH_REDIS_REST_TOKEN is not set')
  expect(reason).not.toContain('    at ')
})

test('a port that is taken is named', async () => {
  const squatter = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void squatter.close())
  await once(squatter, 'listening')
  const { port } = squatter.address() as AddressInfo
  const reason = await reasonToEnd({
    UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1',
    UPSTASH_REDIS_REST_TOKEN: 'unused',
    PORT: String(port),
  })
  expect(reason).toBe(`edge: port ${port} of 127.0.0.1 is in use (PORT)`)
})
