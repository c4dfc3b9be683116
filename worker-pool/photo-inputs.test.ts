import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { ImageType } from '../shared/image-type.ts'
import type { ClaimedJob } from '../shared/job-queue.ts'
import type { PhotoDecoder } from '../shared/photo-decoder.ts'
import { createSharpDecoder } from '../shared/sharp-decoder.ts'
import { photoRules } from '../test/support/photo-rules.ts'
import { scene } from '../test/support/scene.ts'
import { decodePhotos } from './photo-inputs.ts'

const decode = createSharpDecoder(sharp, { types: ['jpeg', 'avif'], maxPixels: 10_000, timeoutSeconds: 60 })
const rules = photoRules({ mode: 'cover', size: 40, crop: 32, kernel: 'cubic' }, { at: 'pool' })
const manifest = {
  ...rules,
  input: { name: 'image', dtype: 'uint8', layout: 'nhwc', shape: [32, 32, 3] },
} satisfies Parameters<typeof decodePhotos>[1]

const avif = await scene(50, 48).avif({ effort: 0 }).toBuffer()
const jpeg = await scene(120, 80).jpeg().toBuffer()
const large = await scene(120, 90).jpeg().toBuffer()
const png = await scene(60, 50).png().toBuffer()

let entries = 0
const claimed = (job: Pick<ClaimedJob, 'id' | 'input' | 'payload'>): ClaimedJob => ({
  entry: `1-${++entries}`,
  attempt: 1,
  ...job,
})
const photo = (id: string, type: ImageType, file: Uint8Array) =>
  claimed({ id, input: { kind: 'image', type, encoding: 'raw' }, payload: file })
const inBase64 = (id: string, text: string) =>
  claimed({ id, input: { kind: 'image', type: 'avif', encoding: 'base64' }, payload: Buffer.from(text) })
const tensor = claimed({
  id: 'tensor',
  input: { kind: 'tensor', dtype: 'uint8', shape: [32, 32, 3], encoding: 'base64' },
  payload: Buffer.from('AAAA'),
})
const unknown = claimed({ id: 'unknown', input: undefined, payload: Buffer.from('AAAA') })

test('photos become tensors where they stand, and all else stays as it is', async () => {
  const jobs = [photo('a', 'avif', avif), tensor, photo('b', 'jpeg', jpeg), unknown]
  const inputs = await decodePhotos(jobs, manifest, { decode, atOnce: 4 })
  const raw = { kind: 'tensor', dtype: 'uint8', shape: [32, 32, 3], encoding: 'raw' }
  expect(inputs.failed).toEqual([])
  expect(inputs.jobs).toEqual([
    { ...jobs[0], input: raw, payload: await decode(avif, rules) },
    tensor,
    { ...jobs[2], input: raw, payload: await decode(jpeg, rules) },
    unknown,
  ])
})

test('a photo in base64 is the same photo, whatever its length leaves as padding', async () => {
  for (const padded of [jpeg, Buffer.concat([jpeg, Buffer.of(0)]), Buffer.concat([jpeg, Buffer.of(0, 0)])]) {
    const job = inBase64('a', padded.toString('base64'))
    const inputs = await decodePhotos([job], manifest, { decode, atOnce: 1 })
    expect(inputs.jobs[0]?.payload).toEqual(await decode(padded, rules))
  }
})

describe('a job fails by itself, and its neighbours are decoded', () => {
  test.each<[string, ClaimedJob, string]>([
    ['a photo cut short', photo('bad', 'avif', avif.subarray(0, avif.length / 2)), 'undecodable-image'],
    ['a photo with too many pixels', photo('bad', 'jpeg', large), 'image-too-large'],
    ['a photo of another type', photo('bad', 'png', png), 'unsupported-image'],
    ['a file without bytes', photo('bad', 'avif', Buffer.alloc(0)), 'empty-image'],
    ['a payload that is gone', { ...photo('bad', 'avif', avif), payload: undefined }, 'unreadable-input'],
    ['base64 that ends too soon', inBase64('bad', avif.toString('base64').slice(0, -1)), 'unreadable-input'],
    ['what is not base64', inBase64('bad', '!!!!'), 'unreadable-input'],
  ])('%s', async (_, bad, code) => {
    const [a, b] = [photo('a', 'avif', avif), photo('b', 'jpeg', jpeg)]
    const inputs = await decodePhotos([a, bad, b], manifest, { decode, atOnce: 2 })
    expect(inputs.jobs.map(({ id, input }) => [id, input?.kind])).toEqual([
      ['a', 'tensor'],
      ['b', 'tensor'],
    ])
    expect(inputs.failed).toEqual([{ job: bad, code }])
  })

  test('a decoder that breaks, of which only the name of its error is kept', async () => {
    const broken: PhotoDecoder = () => Promise.reject(new RangeError('quotes the file'))
    const job = photo('a', 'avif', avif)
    expect(await decodePhotos([job, tensor], manifest, { decode: broken, atOnce: 2 })).toEqual({
      jobs: [tensor],
      failed: [{ job, code: 'internal-error', unexpected: 'RangeError' }],
    })
  })
})

test('no more photos are decoded at the same time than told', async () => {
  let [running, most] = [0, 0]
  const counting: PhotoDecoder = async (bytes, rules) => {
    most = Math.max(most, ++running)
    return decode(bytes, rules).finally(() => running--)
  }
  const jobs = Array.from({ length: 9 }, (_, i) => photo(String(i), 'avif', avif))
  const inputs = await decodePhotos(jobs, manifest, { decode: counting, atOnce: 3 })
  expect(inputs.jobs.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id))
  expect(most).toBe(3)
})
