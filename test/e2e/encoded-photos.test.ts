import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { packageDecoding } from '../support/model-package.ts'
import { example } from '../support/photos.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'

/** The edge in workerd decodes few types itself; on Node it has sharp. */
const ON_WORKERD = inject('edgeRuntime') === 'workerd'

const coffee = () => sharp(example('coffee.png'))
const jpeg = await coffee().jpeg({ quality: 95 }).toBuffer()
const avif = await coffee().avif({ effort: 0, quality: 90 }).toBuffer()
const tiff = await coffee().tiff().toBuffer()
/** Its coefficients are more than the edge may hold: 9 megapixels at 6 bytes. */
const demanding = await coffee()
  .resize(3_600, 2_500, { fit: 'fill' })
  .jpeg({ progressive: true, chromaSubsampling: '4:4:4' })
  .toBuffer()
const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic')

/** The stack of a describe block, with a pool whose model decodes in this way. */
function stackDecoding(
  decode: Parameters<typeof packageDecoding>[0],
  edgeBindings: Record<string, string> = {},
): () => TestStack {
  let open: { stack: TestStack; remove: () => Promise<void> } | undefined
  beforeAll(async () => {
    const { folder, remove } = await packageDecoding(decode)
    open = { stack: await testStack({ poolEnv: { MODEL_DIR: folder }, edgeBindings }), remove }
  })
  afterAll(async () => {
    await open?.stack.close()
    await open?.remove()
  })
  return () => {
    if (!open) throw new Error('the stack is not open')
    return open.stack
  }
}

async function predicted(stack: TestStack, photo: Uint8Array): Promise<PublicJob & { input: string | null }> {
  const response = await stack.predict(photo)
  expect(response.status).toBe(200)
  const job = (await response.json()) as PublicJob
  return { ...job, input: await stack.redis.hget(stack.keys.job(MODEL, job.id), 'input') }
}

async function expectRefused(stack: TestStack, photo: Uint8Array, problem: { status: number; code: string }) {
  const response = await stack.predict(photo)
  expect(await response.json()).toMatchObject(problem)
  const { status, predictions } = await predicted(stack, jpeg)
  expect([status, predictions?.[0]?.label]).toEqual(['succeeded', 'espresso'])
}

describe('a model that lets some types travel encoded', () => {
  const formats = ['heic', 'avif', 'tiff', 'jpeg'] as const
  const stack = stackDecoding({ at: 'auto', formats: [...formats] }, { RAW_INPUTS: 'auto' })

  test('has the same label for a photo as JPEG, AVIF and TIFF', async () => {
    const jobs = await Promise.all([jpeg, avif, tiff].map((photo) => predicted(stack(), photo)))
    expect(jobs.map(({ predictions }) => predictions?.[0]?.label)).toEqual(Array(3).fill('espresso'))
    const elsewhere = ON_WORKERD ? 'image' : 'tensor'
    expect(jobs.map(({ input }) => input)).toEqual(['tensor', elsewhere, elsewhere])
  })

  test('has the same label for inputs that went to Redis as the bytes they are', async () => {
    for (const photo of [jpeg, avif, demanding]) {
      const encodings: (string | null)[] = []
      // In base64 where Redis does not know the script yet, or not any more.
      while (encodings.at(-1) !== 'raw') {
        const { id, predictions } = await predicted(stack(), photo)
        expect(predictions?.[0]?.label).toBe('espresso')
        encodings.push(await stack().redis.hget(stack().keys.job(MODEL, id), 'encoding'))
      }
    }
  })

  test('takes a JPEG that costs the edge too much', async () => {
    const { input, predictions } = await predicted(stack(), demanding)
    expect([input, predictions?.[0]?.label]).toEqual(['image', 'espresso'])
  })

  test('ends the job of a photo that the pool cannot decode either, with the reason', async () => {
    const job = await predicted(stack(), claiming(jpeg, 65_500, 65_500))
    expect(job).toMatchObject({
      status: 'failed',
      success: false,
      predictions: null,
      error: { code: 'image-too-large', retryable: false },
    })
  })

  test('refuses at once what is damaged, empty, not listed, or listed but not decoded by any pool', async () => {
    await expectRefused(stack(), jpeg.subarray(0, jpeg.length / 2), {
      status: 422,
      code: 'undecodable-image',
    })
    await expectRefused(stack(), Buffer.alloc(0), { status: 400, code: 'empty-image' })
    await expectRefused(stack(), Buffer.from('BM'.padEnd(100, '\0')), {
      status: 415,
      code: 'unsupported-image',
    })
    await expectRefused(stack(), heic, { status: 415, code: 'unsupported-image' })
  })

  test('says in /models what it takes', async () => {
    const { models } = (await (await stack().get('/models')).json()) as { models: unknown[] }
    expect(models).toMatchObject([
      {
        decode: { at: 'auto', formats: ['avif', 'tiff', 'jpeg'], truncated: 'refuse' },
        image_types: ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'],
      },
    ])
  })
})

describe('a model whose photos are decoded in the pool', () => {
  const stack = stackDecoding({ at: 'pool', formats: ['jpeg', 'tiff'] })
  const tiffOf = (height: number) =>
    coffee().resize(1_500, height, { fit: 'cover' }).tiff({ compression: 'none' })

  test('gets all as they are, up to 7 MiB', async () => {
    for (const photo of [jpeg, demanding, await tiffOf(1_600).toBuffer()]) {
      const { input, predictions } = await predicted(stack(), photo)
      expect([input, predictions?.[0]?.label]).toEqual(['image', 'espresso'])
    }
    const large = await tiffOf(1_700).toBuffer()
    await expectRefused(stack(), large, { status: 413, code: 'body-too-large' })
  })

  test('refuses types that are not listed, also if the edge could decode them', async () => {
    await expectRefused(stack(), example('coffee.png'), { status: 415, code: 'unsupported-image' })
    await expectRefused(stack(), avif, { status: 415, code: 'unsupported-image' })
  })

  test('ends the job of a damaged photo alone', async () => {
    const jobs = await Promise.all(
      [jpeg, tiff.subarray(0, 5_000), tiff].map((photo) => predicted(stack(), photo)),
    )
    expect(jobs.map(({ error }) => error?.code)).toEqual([undefined, 'undecodable-image', undefined])
  })
})

describe.runIf(ON_WORKERD)('a model that says nothing of it', () => {
  const stack = stackDecoding({})

  test.each([
    ['AVIF', avif, { status: 415, code: 'unsupported-image' }],
    ['TIFF', tiff, { status: 415, code: 'unsupported-image' }],
    ['a JPEG that costs too much', demanding, { status: 413, code: 'image-too-large' }],
  ])('takes no %s', async (_, photo, problem) => {
    await expectRefused(stack(), photo, problem)
  })
})

/** The same JPEG with other sides in its frame header. */
function claiming(file: Buffer, width: number, height: number): Buffer {
  const copy = Buffer.from(file)
  const frame = copy.indexOf(Buffer.from([0xff, 0xc0]))
  copy.writeUInt16BE(height, frame + 5)
  copy.writeUInt16BE(width, frame + 7)
  return copy
}
