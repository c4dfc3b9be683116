import { expect, test } from 'vitest'
import { fewAtATime } from './few-at-a-time.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('four are on their way, and the next begins when one is done', async () => {
  const begun: number[] = []
  const ends = new Map<number, () => void>()
  const all = fewAtATime([10, 11, 12, 13, 14, 15], async (item, index) => {
    begun.push(item)
    await new Promise<void>((resolve) => ends.set(index, resolve))
  })
  expect(begun).toEqual([10, 11, 12, 13])
  ends.get(2)?.()
  await turn()
  expect(begun).toEqual([10, 11, 12, 13, 14])
  ends.get(0)?.()
  await turn()
  for (const end of ends.values()) end()
  await all
  expect(begun).toEqual([10, 11, 12, 13, 14, 15])
})

test('a failure is thrown, and nothing more is begun after it', async () => {
  const begun: number[] = []
  const all = fewAtATime([0, 1, 2, 3, 4, 5, 6, 7, 8], async (item) => {
    begun.push(item)
    if (item === 1) throw new Error('away')
    await turn()
  })
  await expect(all).rejects.toThrow('away')
  await turn()
  expect(begun).toEqual([0, 1, 2, 3])
})
