import { expect, test } from 'vitest'
import { ByteBudget } from './byte-budget.ts'

/** Who has had his turn, in order, after all that is due has happened. */
function takers(budget: ByteBudget) {
  const begun: string[] = []
  const releases = new Map<string, () => void>()
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    begun,
    take: async (name: string, bytes: number) => {
      void budget.take(bytes).then((release) => {
        begun.push(name)
        releases.set(name, release)
      })
      await settle()
    },
    release: async (name: string) => {
      releases.get(name)?.()
      await settle()
    },
  }
}

test('as many begin as there is room for, and the next when one has given back', async () => {
  const { begun, take, release } = takers(new ByteBudget(10))
  await take('a', 6)
  await take('b', 4)
  await take('c', 1)
  expect(begun).toEqual(['a', 'b'])
  await release('b')
  expect(begun).toEqual(['a', 'b', 'c'])
})

test('a large one waits in line and is not passed over', async () => {
  const { begun, take, release } = takers(new ByteBudget(10))
  await take('a', 3)
  await take('large', 9)
  await take('small', 1)
  expect(begun).toEqual(['a'])
  await release('a')
  expect(begun).toEqual(['a', 'large', 'small'])
})

test('one that is larger than all there is has it for itself', async () => {
  const { begun, take, release } = takers(new ByteBudget(10))
  await take('huge', 1_000)
  await take('small', 1)
  expect(begun).toEqual(['huge'])
  await release('huge')
  expect(begun).toEqual(['huge', 'small'])
})

test('what is given back twice counts once', async () => {
  const { begun, take, release } = takers(new ByteBudget(10))
  await take('a', 10)
  await release('a')
  await release('a')
  await take('b', 10)
  await take('c', 1)
  expect(begun).toEqual(['a', 'b'])
})
