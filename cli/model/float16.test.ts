import { expect, test } from 'vitest'
import { fromHalf, toHalf } from './float16.ts'

test('every finite float16 survives the way to a number and back', () => {
  for (let half = 0; half < 0x7c00; half++) expect(toHalf(fromHalf(half))).toBe(half)
  expect(toHalf(fromHalf(0x8001))).toBe(0x8001)
})

test.each([
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [65520, 0x7c00],
  [2 ** -25, 0],
  [-2, 0xc000],
])('%d is rounded to the nearest, ties to even', (value, bits) => {
  expect(toHalf(value)).toBe(bits)
})
