import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { embeddingGraph, smallPackage } from '../support/small-models.ts'
import { type TestStack, testStack } from '../support/stack.ts'

let stack: TestStack
let remove: () => Promise<void>
beforeAll(async () => {
  const model = await smallPackage(
    { task: 'embedding', outputs: { embedding: 'embedding' } },
    { 'model.onnx': embeddingGraph },
  )
  remove = model.remove
  stack = await testStack({ poolEnv: { MODEL_DIR: model.folder } })
})
afterAll(async () => {
  await stack?.close()
  await remove?.()
})

const photo = await sharp({
  create: { width: 8, height: 8, channels: 3, background: { r: 10, g: 20, b: 30 } },
})
  .png()
  .toBuffer()

const BASE64 = {
  dtype: 'float32',
  shape: [3],
  data: Buffer.from(Float32Array.of(10, 20, 30).buffer).toString('base64'),
}

const job = async (response: Response) => (await response.json()) as PublicJob

test.each(['', '?encoding_format=float'])('a photo comes back as numbers for %j', async (query) => {
  const response = await stack.predict(photo, { query })
  expect(response.status).toBe(200)
  const body = await job(response)
  expect(body).toMatchObject({ success: true, model: 'small', predictions: null, embedding: [10, 20, 30] })
  expect(body).not.toHaveProperty('tensors')
})

test('or as bytes in base64, where that is asked for', async () => {
  const response = await stack.predict(photo, { query: '?encoding_format=base64' })
  expect((await job(response)).embedding).toEqual(BASE64)
})

test('a result can be had both ways', async () => {
  const accepted = await job(await stack.predict(photo, { headers: { prefer: 'respond-async' } }))
  expect(accepted).not.toHaveProperty('embedding')
  const get = async (query: string) => job(await stack.get(`/result/${accepted.id}?wait=60${query}`))
  expect((await get('')).embedding).toEqual([10, 20, 30])
  expect((await get('&encoding_format=base64')).embedding).toEqual(BASE64)
})

test('an encoding that does not exist is refused, and nothing is enqueued', async () => {
  const before = await stack.redis.keys(`${stack.keys.prefix}*:job:*`)
  const refused = [
    await stack.predict(photo, { query: '?encoding_format=hex' }),
    await stack.get('/result/any?encoding_format=hex'),
  ]
  for (const response of refused) {
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      code: 'invalid-request',
      detail: '?encoding_format= takes float or base64.',
    })
  }
  expect(await stack.redis.keys(`${stack.keys.prefix}*:job:*`)).toHaveLength(before.length)
})

test('/models says that the model embeds', async () => {
  expect(await (await stack.get('/models')).json()).toMatchObject({
    models: [{ name: 'small', task: 'embedding' }],
  })
})
