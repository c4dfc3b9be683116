import { describe, expect, test } from 'vitest'
import type { JobInput } from '../shared/job-input.ts'
import type { ClaimedJob } from '../shared/job-queue.ts'
import { assembleBatch } from './batch-tensor.ts'

const SHAPE = [2, 2, 3]
const IMAGE_BYTES = 12

/** An image whose bytes all differ from their neighbours and from those of other seeds. */
const image = (seed: number) => Buffer.from(Array.from({ length: IMAGE_BYTES }, (_, i) => seed * 16 + i))

function job(
  id: string,
  payload: Uint8Array | undefined,
  tensor: Partial<Extract<JobInput, { kind: 'tensor' }>> = {},
): ClaimedJob {
  return {
    id,
    entry: '1-1',
    attempt: 1,
    input: { kind: 'tensor', dtype: 'uint8', shape: SHAPE, encoding: 'raw', ...tensor },
    payload,
  }
}

const raw = (id: string, seed: number) => job(id, image(seed))
const base64 = (id: string, text: string) => job(id, Buffer.from(text), { encoding: 'base64' })
const ids = (jobs: readonly ClaimedJob[]) => jobs.map(({ id }) => id)

describe('images of several jobs lie one after another', () => {
  test('whether they came raw or in base64', () => {
    const claimed = [raw('a', 1), base64('b', image(2).toString('base64')), raw('c', 3)]
    const batch = assembleBatch(claimed, SHAPE)
    expect(ids(batch.jobs)).toEqual(['a', 'b', 'c'])
    expect(batch.unreadable).toEqual([])
    expect(Buffer.from(batch.images)).toEqual(Buffer.concat([image(1), image(2), image(3)]))
  })

  test('also if a payload is a view into larger memory', () => {
    const memory = Buffer.concat([Buffer.alloc(5, 255), image(1), Buffer.alloc(5, 255)])
    const view = new Uint8Array(memory.buffer, memory.byteOffset + 5, IMAGE_BYTES)
    expect(Buffer.from(assembleBatch([job('a', view)], SHAPE).images)).toEqual(image(1))
  })

  test('and none make an empty batch', () => {
    expect(assembleBatch([], SHAPE)).toMatchObject({ jobs: [], unreadable: [], images: { length: 0 } })
  })
})

const encoded = image(1).toString('base64')

const UNREADABLE: [string, ClaimedJob][] = [
  ['without a payload', job('bad', undefined)],
  ['with an empty payload', job('bad', new Uint8Array(0))],
  ['without an input that is known', { ...raw('bad', 1), input: undefined }],
  [
    'that is a photo still encoded',
    { ...raw('bad', 1), input: { kind: 'image', type: 'avif', encoding: 'raw' } },
  ],
  ['that is one byte short', job('bad', image(1).subarray(1))],
  ['that is one byte long', job('bad', Buffer.concat([image(1), Buffer.of(0)]))],
  ['of another height', job('bad', image(1), { shape: [4, 1, 3] })],
  ['of a shape with the batch in it', job('bad', image(1), { shape: [1, 2, 2, 3] })],
  ['whose shape only reads alike', job('bad', image(1), { shape: [22, 3] })],
  ['with base64 that is too short', base64('bad', encoded.slice(4))],
  ['with base64 that is too long', base64('bad', `${encoded}AAAA`)],
  ['with a character that is not base64', base64('bad', `${encoded.slice(0, 7)}!${encoded.slice(8)}`)],
  ['with a zero byte in its base64', base64('bad', `${encoded.slice(0, 7)}\u0000${encoded.slice(8)}`)],
  ['with padding in the middle', base64('bad', `${encoded.slice(0, 4)}AA==${encoded.slice(8)}`)],
  ['with base64 under the name of raw', job('bad', Buffer.from(encoded))],
  ['with raw bytes under the name of base64', job('bad', image(1), { encoding: 'base64' })],
]

describe('a job is set aside', () => {
  test.each(UNREADABLE)('%s', (_, bad) => {
    const batch = assembleBatch([bad], SHAPE)
    expect(batch.unreadable).toEqual([bad])
    expect(batch.jobs).toEqual([])
    expect(batch.images).toHaveLength(0)
  })

  test.each(UNREADABLE)('%s, without disturbing its neighbours', (_, bad) => {
    const batch = assembleBatch([raw('a', 1), bad, raw('b', 2), bad, raw('c', 3)], SHAPE)
    expect(ids(batch.jobs)).toEqual(['a', 'b', 'c'])
    expect(batch.unreadable).toEqual([bad, bad])
    expect(Buffer.from(batch.images)).toEqual(Buffer.concat([image(1), image(2), image(3)]))
  })
})
