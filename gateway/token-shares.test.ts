import { expect, test } from 'vitest'
import { HandClock } from '../test/support/hand-clock.ts'
import { PATIENCE_MS } from './byte-budget.ts'
import { sharedAmong, TokenShares } from './token-shares.ts'

/** Who has had his turn, in order, after all that is due has happened; ten bytes, of which a token has five. */
function takers() {
  const clock = new HandClock()
  const shares = new TokenShares({ max: 10, perToken: 5 }, clock)
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
    /** `name`: the token's, and then something. */
    take: async (name: string, bytes: number) => {
      void shares
        .of(name.charAt(0))
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

test('one token alone may have all; where there are others, half', () => {
  expect(sharedAmong(1, 10)).toEqual({ max: 10, perToken: 10 })
  expect(sharedAmong(2, 10)).toEqual({ max: 10, perToken: 5 })
  expect(sharedAmong(7, 1)).toEqual({ max: 1, perToken: 1 })
})

test('a token that has its share waits, and others do not wait behind it', async () => {
  const { begun, take, release } = takers()
  await take('a1', 5)
  await take('a2', 1)
  await take('b1', 5)
  expect(begun).toEqual(['a1', 'b1'])
  await release('a1')
  expect(begun).toEqual(['a1', 'b1', 'a2'])
})

test('all together have no more than there is', async () => {
  const { begun, take, release } = takers()
  await take('a1', 5)
  await take('b1', 4)
  await take('c1', 2)
  expect(begun).toEqual(['a1', 'b1'])
  await release('b1')
  expect(begun).toEqual(['a1', 'b1', 'c1'])
})

test('one that is larger than a share has that for itself, and counts in full among all', async () => {
  const { begun, take, release } = takers()
  await take('a-huge', 9)
  await take('b1', 2)
  await take('c1', 1)
  expect(begun).toEqual(['a-huge'])
  await release('a-huge')
  expect(begun).toEqual(['a-huge', 'b1', 'c1'])
})

test('who waits for his own token hurries nobody else', async () => {
  const { overdue, take, pass } = takers()
  await take('a-slow', 5)
  await take('b-slow', 4)
  await take('a-waiting', 1)
  await pass(PATIENCE_MS)
  expect(overdue).toEqual(['a-slow'])
})

test('who waits for what all share hurries all who hold it, but none who waits', async () => {
  const { overdue, take, pass } = takers()
  await take('a-slow', 5)
  await take('b-slow', 4)
  await take('c-waiting', 5)
  await take('c-next', 1)
  await pass(PATIENCE_MS)
  expect(overdue).toEqual(['a-slow', 'b-slow'])
})
