import { expect, test } from 'vitest'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { CallFailure } from './call-failure.ts'
import { obey } from './obedience.ts'

const refused = (retryAfterSeconds?: number) =>
  new CallFailure('refused', 'queue-full', { code: 'queue-full', retryAfterSeconds })

/** A call that goes as the outcomes say, one after another. */
async function attempts(outcomes: (string | Error)[], retries: number) {
  const clock = new SleepingClock()
  const left = [...outcomes]
  const attempt = async () => {
    const outcome = left.shift()
    if (outcome instanceof Error) throw outcome
    return outcome
  }
  return { ...(await obey(attempt, { retries, sleep: (ms) => clock.sleep(ms) })), sleeps: clock.sleeps, left }
}

test('who is accepted at once does not come back', async () => {
  const { result, told, tries, sleeps } = await attempts(['done'], 2)
  expect({ result, told, tries, sleeps }).toEqual({
    result: { value: 'done' },
    told: [],
    tries: 1,
    sleeps: [],
  })
})

test('who is refused comes back when Retry-After is over, neither sooner nor later', async () => {
  const { result, told, tries, sleeps } = await attempts([refused(3), refused(1), 'done'], 2)
  expect({ result, told, tries }).toEqual({ result: { value: 'done' }, told: [3, 1], tries: 3 })
  expect(sleeps).toEqual([3_000, 1_000])
})

test('nobody comes back more often than he may', async () => {
  const { result, tries, told, left } = await attempts([refused(3), refused(5), 'done'], 1)
  expect(result).toMatchObject({ failure: { way: 'refused' } })
  expect([tries, told, left]).toEqual([2, [3, 5], ['done']])
})

test('who is told no time, or failed otherwise, does not come back', async () => {
  for (const failure of [refused(), new CallFailure('wrong', '400')]) {
    const { result, tries, sleeps } = await attempts([failure, 'done'], 2)
    expect(result).toEqual({ failure })
    expect([tries, sleeps]).toEqual([1, []])
  }
})

test('what is no failure of a call is passed on', async () => {
  await expect(attempts([new TypeError('our own')], 2)).rejects.toThrow(TypeError)
})
