import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { PhotoDecoder } from '../../shared/photo-decoder.ts'
import { createSharpDecoder } from '../../shared/sharp-decoder.ts'
import { photoRules } from '../../test/support/photo-rules.ts'
import { scene } from '../../test/support/scene.ts'
import { decodePhotos, type EncodedPhoto } from './photo-inputs.ts'

const decode = createSharpDecoder(sharp, { types: ['jpeg', 'avif'], maxPixels: 10_000, timeoutSeconds: 60 })
const rules = photoRules({ mode: 'cover', size: 40, crop: 32, kernel: 'cubic' }, { at: 'pool' })
const avif = await scene(50, 48).avif({ effort: 0 }).toBuffer()
const jpeg = await scene(120, 80).jpeg().toBuffer()
const large = await scene(120, 90).jpeg().toBuffer()
const png = await scene(60, 50).png().toBuffer()

const photo = (id: string, file: Uint8Array | undefined): EncodedPhoto => ({
  job: {
    ...{ id, entry: `1-${id}`, priority: 'normal', attempt: 1, requestId: '', traceparent: undefined },
    ...{ claimedAt: 0, createdAt: 0, deadline: 60_000, hasWebhook: false },
    input: { kind: 'image', type: 'avif', encoding: 'raw' },
  },
  file,
})

test('photos are decoded in the order in which they came', async () => {
  const photos = [photo('a', avif), photo('b', jpeg)]
  const { decoded, failed } = await decodePhotos(photos, rules, decode)
  expect(failed).toEqual([])
  expect(decoded).toEqual([
    { job: photos[0]?.job, pixels: await decode(avif, rules) },
    { job: photos[1]?.job, pixels: await decode(jpeg, rules) },
  ])
})

describe('a job fails by itself, and its neighbours are decoded', () => {
  test.each<[string, Uint8Array | undefined, string]>([
    ['a photo cut short', avif.subarray(0, avif.length / 2), 'undecodable-image'],
    ['a photo with too many pixels', large, 'image-too-large'],
    ['a photo of another type', png, 'unsupported-image'],
    ['a file without bytes', Buffer.alloc(0), 'empty-image'],
    ['a photo that did not arrive as it was sent', undefined, 'unreadable-input'],
  ])('%s', async (_, file, code) => {
    const bad = photo('bad', file)
    const inputs = await decodePhotos([photo('a', avif), bad, photo('b', jpeg)], rules, decode)
    expect(inputs.decoded.map(({ job }) => job.id)).toEqual(['a', 'b'])
    expect(inputs.failed).toEqual([{ job: bad.job, code }])
  })

  test('a decoder that breaks, of which only the name of its error is kept', async () => {
    const broken: PhotoDecoder = () => Promise.reject(new RangeError('quotes the file'))
    const { job, file } = photo('a', avif)
    expect(await decodePhotos([{ job, file }], rules, broken)).toEqual({
      decoded: [],
      failed: [{ job, code: 'internal-error', unexpected: 'RangeError' }],
    })
  })
})
