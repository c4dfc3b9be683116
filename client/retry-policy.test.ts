import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EdgebatchError } from './edgebatch-error.ts'
import { parseRetryAfter } from './retry-after.ts'
import { pauseBeforeRetry } from './retry-policy.ts'

const failure = (fields: Partial<ConstructorParameters<typeof EdgebatchError>[0]> = {}) =>
  new EdgebatchError({ code: 'unexpected-answer', detail: 'of a test', ...fields })

test.each([408, 429, 502, 503, 504])('an answer with status %d is worth another try', (status) => {
  expect(pauseBeforeRetry(failure({ status }), 1, 0)).toBe(250)
})

test.each([400, 401, 403, 404, 409, 410, 413, 415, 422, 500])('one with status %d is not', (status) => {
  expect(pauseBeforeRetry(failure({ status }), 1, 0)).toBeUndefined()
})

test('no answer at all is, and so is a first try that is still being accepted', () => {
  expect(pauseBeforeRetry(failure({ code: 'unreachable' }), 1, 0)).toBe(250)
  expect(pauseBeforeRetry(failure({ code: 'idempotency-conflict', status: 409 }), 1, 0)).toBe(250)
})

test('pauses double, end at half a minute, and differ by up to a half', () => {
  const pauses = (random: number) =>
    [1, 2, 3, 4, 10].map((failures) => pauseBeforeRetry(failure({ status: 503 }), failures, random))
  expect(pauses(1)).toEqual([500, 1_000, 2_000, 4_000, 30_000])
  expect(pauses(0)).toEqual([250, 500, 1_000, 2_000, 15_000])
})

test('nobody comes back before Retry-After says, nor much later', () => {
  fc.assert(
    fc.property(
      fc.nat(60),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(9),
      (retryAfterSeconds, random, failures) => {
        const pause =
          pauseBeforeRetry(failure({ status: 503, retryAfterSeconds }), failures, random) ?? Number.NaN
        expect(pause).toBeGreaterThanOrEqual(retryAfterSeconds * 1000)
        expect(pause).toBeLessThanOrEqual(retryAfterSeconds * 1100)
      },
    ),
  )
})

test('who would have to wait for more than a minute is told so instead', () => {
  expect(pauseBeforeRetry(failure({ status: 429, retryAfterSeconds: 61 }), 1, 0)).toBeUndefined()
})

test.each([
  ['0', 0],
  ['120', 120],
  ['Wed, 21 Oct 2026 07:28:30 GMT', 30],
  ['Wed, 21 Oct 2026 07:27:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['', undefined],
  [null, undefined],
])('Retry-After %j is %j seconds from 07:28:00', (header, seconds) => {
  expect(parseRetryAfter(header, Date.parse('2026-10-21T07:28:00Z'))).toBe(seconds)
})
