import { expect, test } from 'vitest'
import type { TakenOver, TakeOverOptions } from '../../shared/job-queue.ts'
import { LONGEST_WAIT_MS } from '../longest-wait.ts'
import { LeaseKeeper } from './lease-keeper.ts'

const QUEUE = { model: 'm', version: '1' }
const NOTHING: TakenOver = { entries: [], lone: [], dead: [] }

/** Runs a keeper for so many looks; what it asked for and how long it waited, in order. */
async function keep(
  looks: number,
  { leaseMs = 40_000, random = 0, draining = AbortSignal.abort(), found = NOTHING } = {},
) {
  const stop = new AbortController()
  const asked: (string | TakeOverOptions)[] = []
  const waits: number[] = []
  const taken: TakenOver[] = []
  const keeper = new LeaseKeeper({
    leases: {
      renew: async () => void asked.push('renew'),
      takeOver: async (_, options) => {
        asked.push(options)
        return found
      },
    },
    ...{ queue: QUEUE, leaseMs, max: 8, random: () => random, untilGranted: (_, call) => call() },
    takenOver: (what) => taken.push(what),
    clock: {
      now: () => 0,
      sleep: async (ms) => {
        waits.push(ms)
        if (waits.length === looks) stop.abort()
      },
    },
  })
  await keeper.run(stop.signal, draining)
  return { asked, waits, taken }
}
const serving = new AbortController().signal

test('leases are renewed four times in each, or a little more often', async () => {
  expect((await keep(3)).waits).toEqual([10_000, 10_000, 10_000])
  expect((await keep(1, { random: 1 })).waits).toEqual([9_000])
})

test('what has not been renewed for three quarters of a lease is taken over, so within one lease of its pool’s death', async () => {
  const { asked } = await keep(2, { draining: serving })
  expect(asked.filter((call) => call !== 'renew')).toMatchObject([
    { idleMs: 30_000, silenceMs: 20_000, max: 8 },
    { idleMs: 30_000 },
  ])
})

test('its own leases are renewed before it looks at those of others', async () => {
  const { asked } = await keep(1, { draining: serving })
  expect(asked.map((call) => (call === 'renew' ? call : 'take over'))).toEqual(['renew', 'take over'])
})

test('a pool that drains takes nothing over, and goes on renewing', async () => {
  expect((await keep(2)).asked).toEqual(['renew', 'renew'])
})

test('dead consumers are looked for at first, and once in twenty looks', async () => {
  const { asked } = await keep(21, { draining: serving })
  const removals = asked.flatMap((call) => (typeof call === 'string' ? [] : [call.removeIdleMs]))
  expect(removals.map((ms) => ms !== undefined)).toEqual([true, ...Array(19).fill(false), true])
  expect(removals[0]).toBeGreaterThanOrEqual(2 * LONGEST_WAIT_MS)
})

test('what it has taken over is told, nothing is not', async () => {
  const found = { ...NOTHING, dead: ['x'] }
  expect((await keep(1, { draining: serving, found })).taken).toEqual([found])
  expect((await keep(1, { draining: serving })).taken).toEqual([])
})
