import { expect, test } from 'vitest'
import type { TakenOver, TakeOverOptions } from '../../shared/job-queue.ts'
import { LONGEST_WAIT_MS } from '../longest-wait.ts'
import { LeaseKeeper } from './lease-keeper.ts'

const QUEUE = { model: 'm', version: '1' }
const NOTHING: TakenOver = { entries: [], lone: [], dead: [] }
const serving = new AbortController().signal

interface Case {
  leaseMs?: number
  random?: number
  draining?: AbortSignal
  found?: TakenOver
  room?: () => number
  whenRoom?: () => Promise<void>
}

/** Runs a keeper until it has paused so often; what it asked for, how long it paused, and what it told of, in order. */
async function keep(
  pauses: number,
  {
    leaseMs = 40_000,
    random = 0,
    draining = serving,
    found = NOTHING,
    room = () => 8,
    whenRoom = () => new Promise(() => {}),
  }: Case = {},
) {
  const stop = new AbortController()
  const asked: ('renew' | TakeOverOptions)[] = []
  const waits: number[] = []
  const woken: boolean[] = []
  const taken: TakenOver[] = []
  const keeper = new LeaseKeeper({
    leases: {
      renew: async () => void asked.push('renew'),
      takeOver: async (_, options) => {
        asked.push(options)
        return found
      },
    },
    ...{ queue: QUEUE, leaseMs, room, whenRoom, random: () => random, untilGranted: (_, call) => call() },
    takenOver: (what) => taken.push(what),
    clock: {
      now: () => 0,
      sleep: async (ms, signal) => {
        waits.push(ms)
        await new Promise(setImmediate)
        woken.push(signal?.aborted ?? false)
        if (waits.length === pauses) stop.abort()
      },
    },
  })
  await keeper.run(stop.signal, draining)
  const looks = asked.flatMap((call) => (call === 'renew' ? [] : [call]))
  return { calls: asked.map((call) => (call === 'renew' ? call : 'look')), looks, waits, woken, taken }
}

test('leases are renewed four times in each, or a little more often', async () => {
  expect((await keep(3)).waits).toEqual([10_000, 10_000, 10_000])
  expect((await keep(1, { random: 1 })).waits).toEqual([9_000])
})

test('every half lease it looks for what was not renewed for half a lease: that is taken over within one of its pool’s death', async () => {
  const { calls, looks } = await keep(4)
  expect(calls).toEqual(['renew', 'look', 'renew', 'renew', 'look', 'renew'])
  expect(looks).toMatchObject([{ idleMs: 20_000, silenceMs: 30_000, max: 8 }, { idleMs: 20_000 }])
})

test('where there is no room, nothing is taken over', async () => {
  expect((await keep(3, { room: () => 0 })).looks).toEqual([])
})

test('what filled all the room may not have been all: it looks again as soon as there is room', async () => {
  const found = { ...NOTHING, dead: Array(8).fill('x') }
  const { calls, woken } = await keep(2, { found, whenRoom: async () => {} })
  expect(woken).toEqual([true, true])
  expect(calls).toEqual(['renew', 'look', 'renew', 'look'])
})

test('a pool that drains takes nothing over, and goes on renewing', async () => {
  expect((await keep(2, { draining: AbortSignal.abort() })).calls).toEqual(['renew', 'renew'])
})

test('dead consumers are looked for at first, and once in ten looks', async () => {
  const removals = (await keep(21)).looks.map(({ removeIdleMs }) => removeIdleMs)
  expect(removals.map((ms) => ms !== undefined)).toEqual([true, ...Array(9).fill(false), true])
  expect(removals[0]).toBeGreaterThanOrEqual(2 * LONGEST_WAIT_MS)
})

test('what it has taken over is told, nothing is not', async () => {
  const found = { ...NOTHING, dead: ['x'] }
  expect((await keep(1, { found })).taken).toEqual([found])
  expect((await keep(1)).taken).toEqual([])
})
