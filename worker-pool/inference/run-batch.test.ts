import { describe, expect, test } from 'vitest'
import { bucketsUpTo } from '../batching/buckets.ts'
import { runBatch, SessionBrokenError } from './run-batch.ts'

/** A batch of images of one byte: 1, 2, 3... */
const images = (n: number, capacity = n) =>
  Uint8Array.from({ length: capacity }, (_, i) => (i < n ? i + 1 : 0))

/** Doubles what it is given; throws on an image that is `bad`, and on more rows than `fits`. */
function session({ bad = [], fits = 1000 }: { bad?: number[]; fits?: number } = {}) {
  const ran: number[] = []
  const run = async (batch: Uint8Array, rows: number) => {
    ran.push(rows)
    if (batch.length !== rows) throw new Error('wrong length')
    if (rows > fits) throw new Error('Failed to allocate memory for requested buffer of size 123')
    if (batch.some((image) => bad.includes(image))) throw new Error('Gather: index out of bounds')
    return Array.from(batch, (image) => image * 2)
  }
  return { run, ran }
}

/** Result of each image; undefined where it failed. */
async function outcomes(n: number, given: Parameters<typeof session>[0], buckets?: number[], capacity = n) {
  const { run, ran } = session(given)
  const { parts, outOfMemoryAt, executions } = await runBatch(images(n, capacity), n, {
    run,
    imageBytes: 1,
    buckets,
  })
  const all: (number | undefined)[] = Array(n).fill(Number.NaN)
  for (const { first, count, outputs } of parts) {
    for (let i = 0; i < count; i++) all[first + i] = outputs?.[i]
  }
  return { all, ran, outOfMemoryAt, parts, executions }
}

test('a batch that can be run is run once', async () => {
  expect(await outcomes(4, {})).toMatchObject({ all: [2, 4, 6, 8], ran: [4], outOfMemoryAt: undefined })
})

describe('an image that the model throws on', () => {
  test('fails alone, wherever it is in the batch', async () => {
    for (let bad = 1; bad <= 7; bad++) {
      const { all, outOfMemoryAt } = await outcomes(7, { bad: [bad] })
      expect(all).toEqual([2, 4, 6, 8, 10, 12, 14].map((value) => (value === 2 * bad ? undefined : value)))
      expect(outOfMemoryAt).toBeUndefined()
    }
  })

  test('is told apart in as few runs as halving takes', async () => {
    const { ran, executions } = await outcomes(32, { bad: [1] })
    expect(ran).toHaveLength(11)
    expect(executions).toBe(11)
  })

  test('leaves its reason', async () => {
    const { parts } = await outcomes(2, { bad: [2] })
    expect(parts.find(({ outputs }) => !outputs)).toMatchObject({
      first: 1,
      reason: 'Gather: index out of bounds',
    })
  })

  test('and all its neighbours, too, fail one by one', async () => {
    expect((await outcomes(3, { bad: [1, 2, 3] })).all).toEqual([undefined, undefined, undefined])
  })
})

describe('a session that fails on all images', () => {
  test('is told apart from images that it cannot take by a grey one', async () => {
    const { run, ran } = session({ bad: [1] })
    expect(await runBatch(images(1), 1, { run, imageBytes: 1, buckets: bucketsUpTo(4) })).toMatchObject({
      parts: [{ outputs: undefined }],
      executions: 1,
    })
    expect(ran).toEqual([1, 1])
  })

  test('is broken if it fails on that, too', async () => {
    const run = () => Promise.reject(new Error('CUDA failure 700: an illegal memory access'))
    const broken = runBatch(images(3), 3, { run, imageBytes: 1, buckets: undefined })
    await expect(broken).rejects.toThrow(SessionBrokenError)
    await expect(broken).rejects.toThrow('illegal memory access')
  })
})

describe('a batch that does not fit into memory', () => {
  test('is run in parts that do, and tells what did not', async () => {
    const { all, outOfMemoryAt } = await outcomes(8, { fits: 3 })
    expect(all).toEqual([2, 4, 6, 8, 10, 12, 14, 16])
    expect(outOfMemoryAt).toBe(4)
  })

  test('fails its images if not even one does', async () => {
    const { all, outOfMemoryAt } = await outcomes(2, { fits: 0 })
    expect(all).toEqual([undefined, undefined])
    expect(outOfMemoryAt).toBe(1)
  })
})

describe('padding', () => {
  test('fills up to the next bucket', async () => {
    expect(await outcomes(5, {}, bucketsUpTo(8), 8)).toMatchObject({ all: [2, 4, 6, 8, 10], ran: [8] })
  })

  test('of a part at the end of the memory does not read beyond it', async () => {
    const { all, ran } = await outcomes(24, { bad: [1] }, bucketsUpTo(24))
    expect(all).toEqual([undefined, ...Array.from({ length: 23 }, (_, i) => 2 * i + 4)])
    expect(ran.slice(0, 2)).toEqual([24, 16])
  })
})
