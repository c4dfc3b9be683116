import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import type { ImageType } from '../../shared/image-type.ts'
import type { Job } from '../../shared/job.ts'
import type { NewJob } from '../../shared/job-queue.ts'
import { createSharpDecoder } from '../../shared/sharp-decoder.ts'
import { loadModelPackage } from '../../worker-pool/models/model-package.ts'
import { packageDecoding } from '../support/model-package.ts'
import { ownRedis } from '../support/own-redis.ts'
import { example } from '../support/photos.ts'
import { newJob, PoolQueue } from '../support/pool-queue.ts'

const coffee = await sharp(example('coffee.png')).resize(600).toBuffer()
const avif = await sharp(coffee).avif({ effort: 0, quality: 80 }).toBuffer()
const tiff = await sharp(coffee).tiff().toBuffer()

function encoded(type: ImageType, file: Uint8Array, overrides: Partial<NewJob> = {}): NewJob {
  return newJob(0, {
    input: { kind: 'image', type, encoding: 'base64' },
    payload: Buffer.from(file).toString('base64'),
    ...overrides,
  })
}

/** A model package that has the pool decode some types. */
async function modelDir(...formats: ImageType[]): Promise<string> {
  const { folder, remove } = await packageDecoding({ at: 'auto', formats })
  onTestFinished(remove)
  return folder
}

const top = (job: Job | undefined) => job?.predictions?.[0]?.label

test('a pool runs photos that came encoded and tensors in one batch; a damaged photo fails alone', async () => {
  const MODEL_DIR = await modelDir('avif', 'tiff')
  const { resize } = (await loadModelPackage(MODEL_DIR)).manifest
  const decode = createSharpDecoder(sharp, { types: ['tiff'], maxPixels: 1e7, timeoutSeconds: 60 })
  const tensor = await decode(tiff, {
    resize,
    decode: { at: 'pool', formats: ['tiff'], truncated: 'refuse' },
  })

  const queue = await PoolQueue.open()
  const { settled } = await queue.enqueue([
    encoded('avif', avif),
    encoded('avif', avif.subarray(0, avif.length / 2)),
    newJob(0, { payload: Buffer.from(tensor).toString('base64') }),
    encoded('tiff', tiff),
  ])
  await queue.startPool({ MODEL_DIR })
  const [good, damaged, asTensor, asTiff] = await settled
  const success = { status: 'succeeded', batch_size: 3 }
  expect([good, damaged, asTensor, asTiff]).toMatchObject([
    success,
    { status: 'failed', error: 'undecodable-image' },
    success,
    success,
  ])
  expect([good, asTensor, asTiff].map(top)).toEqual(['espresso', 'espresso', 'espresso'])
  expect(asTiff?.predictions).toEqual(asTensor?.predictions)
  expect(await queue.inFlight()).toBe(0)
})

test('each photo that will not do fails with its own reason', async () => {
  const queue = await PoolQueue.open()
  const photo = encoded('avif', avif)
  const { settled } = await queue.enqueue([
    encoded('avif', tiff),
    encoded('tiff', tiff),
    { ...photo, id: newJob(0).id, payload: `${photo.payload.slice(0, 100)}!${photo.payload.slice(101)}` },
    photo,
  ])
  await queue.startPool({ MODEL_DIR: await modelDir('avif') })
  const errors = (await settled).map(({ status, error }) => error ?? status)
  expect(errors).toEqual(['unsupported-image', 'unsupported-image', 'unreadable-input', 'succeeded'])
})

test('a photo over the limit of pixels is not decoded', async () => {
  const queue = await PoolQueue.open()
  const { settled } = await queue.enqueue([encoded('avif', avif), encoded('tiff', tiff)])
  await queue.startPool({ MODEL_DIR: await modelDir('avif', 'tiff'), MAX_PHOTO_PIXELS: '1000' })
  for (const job of await settled) expect(job).toMatchObject({ status: 'failed', error: 'image-too-large' })
})

test('a pool whose model takes no encoded photos fails them, and serves their neighbours', async () => {
  const queue = await PoolQueue.open()
  const { settled } = await queue.enqueue([encoded('avif', avif), newJob(1)])
  await queue.startPool()
  expect(await settled).toMatchObject([
    { status: 'failed', error: 'unreadable-input' },
    { status: 'succeeded', batch_size: 1 },
  ])
})

test('types that its sharp does not decode are not announced', async () => {
  const queue = await PoolQueue.open()
  await queue.startPool({ MODEL_DIR: await modelDir('heic', 'avif', 'jxl') })
  expect(await queue.producer.models()).toMatchObject([
    { manifest: { decode: { at: 'auto', formats: ['avif'] } } },
  ])
})

test('a pool that is told to stop settles the photos that it was handed', async () => {
  const queue = await PoolQueue.open((await ownRedis()).url)
  const pool = await queue.startPool({ MODEL_DIR: await modelDir('avif'), DECODE_THREADS: '1' })
  await queue.untilAPoolWaits()
  process.kill(pool.pid, 'SIGSTOP')
  const { settled } = await queue.enqueue([encoded('avif', avif)])
  process.kill(pool.pid, 'SIGTERM')
  process.kill(pool.pid, 'SIGCONT')
  expect(await pool.endedByItself).toContain('ended (exit 0)')
  expect((await settled).map(({ status }) => status)).toEqual(['succeeded'])
  expect(await queue.inFlight()).toBe(0)
})
