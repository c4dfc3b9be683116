import { pino } from 'pino'
import { expect, test } from 'vitest'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { tendUnsendable } from './unsendable-webhooks.ts'

/** `looks`: when the next is due at each look, after which it ends; `forgets`: what comes of each script. */
async function tend(looks: (number | undefined)[], forgets: { looked: number; forgotten: number }[] = []) {
  const [taken, skipped, lines]: [number[], number[], string[]] = [[], [], []]
  const [clock, stopping] = [new SleepingClock(), new AbortController()]
  const outbox = {
    take: async (max: number) => {
      if (taken.push(max) === 1) throw new Error('Redis is loading')
      return { due: [], damaged: [], nextDueInMs: looks[taken.length - 2] }
    },
    forget: async (skip: number) => {
      skipped.push(skip)
      const given = forgets[skipped.length - 1]
      if (!given) throw new Error('Redis is away')
      return given
    },
  }
  clock.onWake = () => {
    if (clock.sleeps.length > looks.length) stopping.abort()
  }
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) })
  await tendUnsendable(outbox, clock, log, stopping.signal)
  return { taken, skipped, lines, sleeps: clock.sleeps }
}

test('a pool without the secret says once that webhooks are left unsent, and takes none', async () => {
  const { taken, lines } = await tend([60_000, 0, 700, 0, 0, 0, undefined, 0, 0])
  expect(new Set(taken)).toEqual(new Set([0]))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('set WEBHOOK_SECRET')
})

test('it looks through what is due for what nobody will send, past what has to stay, and so again half a minute later', async () => {
  const forgets = [
    { looked: 500, forgotten: 400 },
    { looked: 500, forgotten: 0 },
    { looked: 7, forgotten: 7 },
    { looked: 0, forgotten: 0 },
  ]
  const { skipped, sleeps } = await tend([0, 0], forgets)
  expect(skipped).toEqual([0, 100, 600, 0])
  expect(new Set(sleeps)).toEqual(new Set([30_000]))
})

test('it looks at no more than so many at once', async () => {
  const { skipped } = await tend([0], Array(100).fill({ looked: 500, forgotten: 500 }))
  expect(skipped).toHaveLength(20)
})
