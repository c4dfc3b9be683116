import { expect, test } from 'vitest'
import { systemClock } from '../shared/clock.ts'
import { HandClock } from '../test/support/hand-clock.ts'
import { ByteBudget, PATIENCE_MS } from './byte-budget.ts'

/** Who has had his turn, in order, after all that is due has happened. */
function takers(budget: ByteBudget, clock = new HandClock()) {
  const begun: string[] = []
  const overdue: string[] = []
  const releases = new Map<string, () => void>()
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    begun,
    overdue,
    pass: async (ms: number) => {
      clock.pass(ms)
      await settle()
    },
    take: async (name: string, bytes: number) => {
      void budget
        .take(bytes, () => overdue.push(name))
        .then((release) => {
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
  const { begun, take, release } = takers(new ByteBudget(10, systemClock))
  await take('a', 6)
  await take('b', 4)
  await take('c', 1)
  expect(begun).toEqual(['a', 'b'])
  await release('b')
  expect(begun).toEqual(['a', 'b', 'c'])
})

test('a large one waits in line and is not passed over', async () => {
  const { begun, take, release } = takers(new ByteBudget(10, systemClock))
  await take('a', 3)
  await take('large', 9)
  await take('small', 1)
  expect(begun).toEqual(['a'])
  await release('a')
  expect(begun).toEqual(['a', 'large', 'small'])
})

test('one that is larger than all there is has it for itself', async () => {
  const { begun, take, release } = takers(new ByteBudget(10, systemClock))
  await take('huge', 1_000)
  await take('small', 1)
  expect(begun).toEqual(['huge'])
  await release('huge')
  expect(begun).toEqual(['huge', 'small'])
})

test('what is given back twice counts once', async () => {
  const { begun, take, release } = takers(new ByteBudget(10, systemClock))
  await take('a', 10)
  await release('a')
  await release('a')
  await take('b', 10)
  await take('c', 1)
  expect(begun).toEqual(['a', 'b'])
})

test('who holds his while others wait is told, but not before they have waited long', async () => {
  const clock = new HandClock()
  const { begun, overdue, take, release, pass } = takers(new ByteBudget(10, clock), clock)
  await take('slow', 6)
  await take('quick', 4)
  await pass(10 * PATIENCE_MS)
  await take('waiting', 8)
  await pass(PATIENCE_MS - 1)
  expect(overdue).toEqual([])
  await release('quick')
  await pass(1)
  expect(overdue).toEqual(['slow'])
  await release('slow')
  expect(begun).toEqual(['slow', 'quick', 'waiting'])
  await pass(10 * PATIENCE_MS)
  expect(overdue).toEqual(['slow'])
})

test('each wait has its own time', async () => {
  const clock = new HandClock()
  const { overdue, take, release, pass } = takers(new ByteBudget(10, clock), clock)
  await take('a', 10)
  await take('b', 10)
  await pass(PATIENCE_MS - 1)
  await release('a')
  await take('c', 10)
  await pass(PATIENCE_MS - 1)
  expect(overdue).toEqual([])
  await pass(1)
  expect(overdue).toEqual(['b'])
})
