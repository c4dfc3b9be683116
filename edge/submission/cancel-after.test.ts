import { expect, test } from 'vitest'
import { deadlineMs } from './cancel-after.ts'

const limits = { defaultSeconds: 300, maxSeconds: 7_200 }

test.each([
  ['30s', 30],
  ['30', 30],
  [' 45s ', 45],
  ['1m30s', 90],
  ['2h', 7_200],
  ['1h0m1s', 3_601],
])('%j is %d seconds', (header, seconds) => {
  expect(deadlineMs(header, limits)).toBe(seconds * 1000)
})

test('without the header the model’s own time counts', () => {
  expect(deadlineMs(undefined, limits)).toBe(300_000)
})

test.each(['', '0', '0s', '-5s', '5 s', 's', '1.5s', '30sec', '1s1m', '٣s', '9999999', '5s,5s'])(
  '%j is refused',
  (header) => {
    expect(() => deadlineMs(header, limits)).toThrow('invalid-request')
  },
)

test('more than the model allows is refused, and the most is named', () => {
  expect(() => deadlineMs('2h1s', limits)).toThrow('7200 seconds')
})
