import { expect, test } from 'vitest'
import { reconnectPauseMs } from './reconnect-pause.ts'

const pauses = (random: number) => Array.from({ length: 10 }, (_, i) => reconnectPauseMs(i + 1, () => random))

test('the pauses of who looks for a Redis that is away double, up to two seconds', () => {
  expect(pauses(1)).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000, 2_000])
  expect(reconnectPauseMs(5_000, () => 1)).toBe(2_000)
})

test('each is varied by up to a half of itself', () => {
  expect(pauses(0)).toEqual(pauses(1).map((ms) => ms / 2))
  expect(pauses(0.5)).toEqual(pauses(1).map((ms) => ms * 0.75))
})

test('it is varied anew each time', () => {
  expect(new Set(Array.from({ length: 20 }, () => reconnectPauseMs(7))).size).toBeGreaterThan(1)
})
