import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import { withinTime } from './within-time.ts'

/** A clock on which all time limits end when the test says so, whatever became of what they are for. */
function deafClock() {
  const { promise, resolve: runOut } = Promise.withResolvers<void>()
  return { sleep: () => promise, runOut }
}

test('work is told when its time is over', async () => {
  const clock = deafClock()
  const working = withinTime(1_000, clock, async (late) => {
    clock.runOut()
    await new Promise((_, reject) => late.addEventListener('abort', () => reject(late.reason)))
  })
  await expect(working).rejects.toMatchObject({ name: 'TimeoutError', message: 'no answer within 1000 ms' })
})

test.each([
  ['has ended', async () => {}],
  ['has failed', () => Promise.reject(new Error('failed'))],
])('once work %s, its signal never aborts', async (_, work) => {
  const clock = deafClock()
  let signal: AbortSignal | undefined
  await withinTime(1_000, clock, (late) => {
    signal = late
    return work()
  }).catch(() => {})
  clock.runOut()
  await new Promise(setImmediate)
  expect(signal?.aborted).toBe(false)
})

test('no timer is left behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const during = await withinTime(60_000, systemClock, async () => timers())
  expect({ during, after: timers() }).toEqual({ during: before + 1, after: before })
})
