import { pino } from 'pino'
import { expect, test } from 'vitest'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { warnOfUnsendable } from './unsendable-webhooks.ts'

test('a pool without the secret says once that webhooks are left unsent', async () => {
  const looks = [undefined, 60_000, 0, 700, 0, 0]
  const asked: number[] = []
  const outbox = {
    take: async (max: number) => {
      asked.push(max)
      if (asked.length === 1) throw new Error('Redis is loading')
      return { due: [], damaged: [], nextDueInMs: looks[asked.length - 1] }
    },
  }
  const lines: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) })
  await warnOfUnsendable(outbox, new SleepingClock(), log, new AbortController().signal)
  expect(asked).toEqual([0, 0, 0, 0, 0, 0])
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('set WEBHOOK_SECRET')
})
