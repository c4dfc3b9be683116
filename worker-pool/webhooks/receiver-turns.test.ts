import { expect, test } from 'vitest'
import { ReceiverTurns, type TurnLimits } from './receiver-turns.ts'

const PLENTY: TurnLimits = { running: 100, runningOfHost: 100, held: 100, waitingOfHost: 100 }

/** Turns whose tasks end when the test says so, at a time that it sets. */
function turnsWithin(limits: Partial<TurnLimits>) {
  const time = { nowMs: 0 }
  const turns = new ReceiverTurns({ ...PLENTY, ...limits }, { elapsed: () => time.nowMs, random: () => 0.5 })
  const begun: string[] = []
  const ends: (() => void)[] = []
  const take = (owner: string, host: string) =>
    turns.take({ owner, host }, () => {
      begun.push(`${owner}@${host}`)
      return new Promise((resolve) => ends.push(resolve))
    })
  return { turns, time, begun, ends, take }
}

test('a host has its own limit, and who waits for it holds up no other', async () => {
  const { begun, ends, take } = turnsWithin({ runningOfHost: 2 })
  const taken = ['slow', 'slow', 'slow', 'quick'].map((host) => take('a', host))
  expect(begun).toEqual(['a@slow', 'a@slow', 'a@quick'])
  ends[0]?.()
  await taken[0]
  expect(begun).toEqual(['a@slow', 'a@slow', 'a@quick', 'a@slow'])
})

test('one owner runs half at most, and the next half of what that leaves', async () => {
  const { begun, ends, take } = turnsWithin({ running: 8 })
  const taken = Array.from({ length: 6 }, (_, i) => take('a', `${i}.example`))
  expect(begun).toHaveLength(4)
  for (let i = 0; i < 4; i++) take('b', `${i}.example`)
  expect(begun.slice(4)).toEqual(['b@0.example', 'b@1.example'])
  take('c', '0.example')
  expect(begun.slice(6)).toEqual(['c@0.example'])
  for (let i = 0; i < 2; i++) ends[i]?.()
  await Promise.all(taken.slice(0, 2))
  expect(begun.slice(7)).toEqual(['a@4.example'])
})

test('whose owner has fewest running goes first', async () => {
  const { begun, ends, take } = turnsWithin({ runningOfHost: 1 })
  const [first] = [take('a', 'shared'), take('a', 'shared'), take('b', 'shared'), take('a', 'other')]
  ends[0]?.()
  await first
  expect(begun).toEqual(['a@shared', 'a@other', 'b@shared'])
})

test('one owner fills neither all that are held nor those that wait for a host', () => {
  const { turns, take } = turnsWithin({ running: 1, held: 8, waitingOfHost: 4 })
  // The first runs, two wait.
  for (let i = 0; i < 3; i++) expect(take('a', 'shared')).toBeInstanceOf(Promise)
  expect(take('a', 'shared')).toBeTypeOf('number')
  expect(take('b', 'shared')).toBeInstanceOf(Promise)
  expect(take('a', 'other')).toBeInstanceOf(Promise)
  expect(take('a', 'another')).toBeTypeOf('number')
  expect(turns.room).toBe(3)
  expect(take('b', 'other')).toBeInstanceOf(Promise)
})

test('what is put off comes back one by one, as fast as attempts end', async () => {
  const { time, ends, take } = turnsWithin({ runningOfHost: 2, waitingOfHost: 2 })
  const [first] = Array.from({ length: 3 }, () => take('a', 'slow'))
  expect([take('a', 'slow'), take('a', 'slow')]).toEqual([5_100, 5_200])
  time.nowMs = 10_000
  ends[0]?.()
  await first
  expect(take('a', 'slow')).toBeInstanceOf(Promise)
  expect([take('a', 'slow'), take('a', 'slow')]).toEqual([10_000, 15_000])
})
