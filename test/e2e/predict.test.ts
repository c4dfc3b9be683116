import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { InferenceSession } from '../../worker-pool/inference/inference-session.ts'
import { outputOf } from '../../worker-pool/inference/job-output.ts'
import { loadModelPackage } from '../../worker-pool/models/model-package.ts'
import { example, hasLabelledPhotos, labelledPhotos, NO_PHOTOS, sharedPhoto } from '../support/photos.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await testStack()
})
afterAll(() => stack?.close())

const job = async (response: Response) => (await response.json()) as PublicJob

test('a photo in a form comes back with five labels, best first, and the fields of a job', async () => {
  const response = await stack.predict(example('coffee.png'))
  expect(response.status).toBe(200)
  const body = await job(response)
  expect(body).toMatchObject({
    status: 'succeeded',
    success: true,
    model: MODEL,
    model_version: '1',
    error: null,
    queue_position: null,
    metrics: { attempts: 1 },
    urls: { get: `${stack.edge.url}/result/${body.id}` },
  })
  expect(body.predictions).toHaveLength(5)
  expect(body.predictions?.[0]).toMatchObject({ label: 'espresso', index: 967 })
  const probabilities = body.predictions?.map(({ probability }) => probability) ?? []
  expect(probabilities).toEqual([...probabilities].sort((a, b) => b - a))
  expect(Date.parse(body.completed_at ?? '')).toBeGreaterThanOrEqual(Date.parse(body.created_at))
})

test('the bytes may also be the body, whatever the Content-Type claims', async () => {
  const body = new Uint8Array(example('cat.jpg'))
  for (const type of [
    'image/jpeg',
    'image/png',
    'application/octet-stream',
    'application/x-www-form-urlencoded',
  ]) {
    const response = await fetch(`${stack.edge.url}/predict`, {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    })
    expect(response.status).toBe(200)
    expect((await job(response)).predictions?.[0]?.label).toMatch(/^(tiger_cat|Egyptian_cat)$/)
  }
})

test('the tutorial’s dog is a beagle', async ({ skip }) => {
  skip(!hasLabelledPhotos, NO_PHOTOS)
  const response = await stack.predict(sharedPhoto('jemma.png'), { fileName: 'jemma.png' })
  expect((await job(response)).predictions?.[0]).toMatchObject({ label: 'beagle', index: 162 })
})

test('top-1 on labelled photos is within one photo of sharp at full quality', async ({ skip }) => {
  skip(!hasLabelledPhotos, NO_PHOTOS)
  const photos = labelledPhotos()
  const expected = await topOnesBySharp(photos.map(({ bytes }) => bytes))
  let [ours, reference] = [0, 0]
  for (const [i, photo] of photos.entries()) {
    const body = await job(await stack.predict(photo.bytes))
    if (body.predictions?.[0]?.index === photo.index) ours++
    if (expected[i] === photo.index) reference++
  }
  expect(photos).toHaveLength(40)
  expect(reference).toBeGreaterThan(30)
  expect(Math.abs(ours - reference)).toBeLessThanOrEqual(1)
})

describe('job ids', () => {
  test('respond-async answers 202 with where to ask, then the result is there', async () => {
    const response = await stack.predict(example('cat.png'), { headers: { prefer: 'respond-async' } })
    expect(response.status).toBe(202)
    expect(response.headers.get('preference-applied')).toBe('respond-async')
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    const accepted = await job(response)
    expect(accepted.success).toBe(false)
    expect(response.headers.get('location')).toBe(`/result/${accepted.id}`)

    const result = await stack.get(`${response.headers.get('location')}?wait=60`)
    expect(result.status).toBe(200)
    expect(await job(result)).toMatchObject({ id: accepted.id, status: 'succeeded', success: true })
  })

  test('Prefer: wait=N is honoured and echoed', async () => {
    const response = await stack.predict(example('cat.jpg'), { headers: { prefer: 'wait=59' } })
    expect(response.status).toBe(200)
    expect(response.headers.get('preference-applied')).toBe('wait=59')
  })
})

describe('around the job API', () => {
  test('/health answers without Redis, /models says what is served', async () => {
    expect(await (await stack.get('/health')).json()).toEqual({ status: 'ok' })
    const models = (await (await stack.get('/models')).json()) as { models: object[] }
    expect(models.models).toMatchObject([{ name: MODEL, version: '1', input: { shape: [224, 224, 3] } }])
  })

  test('the model can be named', async () => {
    expect((await stack.predict(example('cat.jpg'), { query: `?model=${MODEL}` })).status).toBe(200)
  })
})

/** The same model, fed by sharp at full quality as the manifest says: short side to 256, cubic, centre 224. */
async function topOnesBySharp(photos: Buffer[]): Promise<number[]> {
  const modelPackage = await loadModelPackage(join(PROJECT_ROOT, 'models', MODEL, '1'))
  const session = await InferenceSession.load(modelPackage, {
    providers: ['cpu'],
    intraOpThreads: undefined,
    deviceId: undefined,
    strict: true,
  })
  const topOnes: number[] = []
  for (const photo of photos) {
    const resized = sharp(photo)
      .rotate()
      .resize(256, 256, { fit: 'cover', kernel: 'cubic', fastShrinkOnLoad: false })
      .toColourspace('srgb')
      .removeAlpha()
    const { data } = await sharp(await resized.png().toBuffer())
      .extract({ left: 16, top: 16, width: 224, height: 224 })
      .raw()
      .toBuffer({ resolveWithObject: true })
    const output = outputOf(session.manifest, modelPackage.labels, await session.run(data, 1), 0)
    topOnes.push(output?.kind === 'predictions' ? (output.predictions[0]?.index ?? -1) : -1)
  }
  await session.close()
  return topOnes
}
