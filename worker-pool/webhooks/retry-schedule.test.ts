import { expect, test } from 'vitest'
import { nextAttemptInMs, parseRetryAfter } from './retry-schedule.ts'

const MIDDLE = 0.5

test('pauses grow from seconds to hours, and there are seven', () => {
  const pauses = Array.from({ length: 8 }, (_, i) => nextAttemptInMs(i + 1, MIDDLE, undefined))
  expect(pauses).toEqual([5e3, 30e3, 120e3, 600e3, 1_800e3, 3_600e3, 10_800e3, undefined])
})

test('each is a fifth shorter or longer at most', () => {
  expect(nextAttemptInMs(2, 0, undefined)).toBe(24_000)
  expect(nextAttemptInMs(2, 1 - Number.EPSILON, undefined)).toBe(36_000)
})

test('a receiver may ask for more, up to an hour, and not for less', () => {
  expect(nextAttemptInMs(1, MIDDLE, 90_000)).toBe(90_000)
  expect(nextAttemptInMs(1, MIDDLE, 86_400_000)).toBe(3_600_000)
  expect(nextAttemptInMs(7, MIDDLE, 1_000)).toBe(10_800_000)
  expect(nextAttemptInMs(8, MIDDLE, 1_000)).toBeUndefined()
})

test('Retry-After is seconds or a date', () => {
  const now = Date.UTC(2026, 0, 1)
  expect(parseRetryAfter('120', now)).toBe(120_000)
  expect(parseRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000)
  expect(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0)
  expect(parseRetryAfter('soon', now)).toBeUndefined()
  expect(parseRetryAfter(undefined, now)).toBeUndefined()
})
