import { expect, test } from 'vitest'
import { ReceiverTurns } from './receiver-turns.ts'

test('a host has its own limit, all together another, and too many for one host are refused', async () => {
  const turns = new ReceiverTurns({ running: 3, runningOfHost: 2, waitingOfHost: 1 })
  const begun: string[] = []
  const ends: (() => void)[] = []
  const take = (host: string) =>
    turns.take(host, () => {
      begun.push(host)
      return new Promise((resolve) => ends.push(resolve))
    })
  const slow = [take('slow'), take('slow')]
  await settled()
  slow.push(take('slow'))
  expect(take('slow')).toBeUndefined()
  const quick = [take('quick'), take('quick')]
  await settled()
  expect(begun).toEqual(['slow', 'slow', 'quick'])

  for (let ended = 0; ended < 5; ended++) {
    ends[ended]?.()
    await settled()
  }
  await Promise.all([...slow, ...quick])
  expect(begun.toSorted()).toEqual(['quick', 'quick', 'slow', 'slow', 'slow'])
})

/** All that follows from what has happened has happened too. */
const settled = () => new Promise((resolve) => setImmediate(resolve))
