import { expect, test } from 'vitest'
import { parsePrefer, preferenceApplied } from './prefer-header.ts'

test.each([
  [undefined, undefined, false],
  ['', undefined, false],
  ['wait=10', 10, false],
  ['wait="10"', 10, false],
  ['WAIT = 10', 10, false],
  ['respond-async', undefined, true],
  ['respond-async, wait=5', 5, true],
  ['handling=lenient; x=1, wait=7; y', 7, false],
  ['wait=3, wait=9', 3, false],
  ['wait=0', 0, false],
  ['wait=9999', 60, false],
  ['wait=-1', undefined, false],
  ['wait=soon', undefined, false],
  ['wait=1e3', undefined, false],
  ['wait', 60, false],
])('Prefer: %s', (header, waitSeconds, respondAsync) => {
  expect(parsePrefer(header)).toEqual({ waitSeconds, respondAsync })
})

test('what is applied is echoed as it was applied, not as it was asked', () => {
  expect(preferenceApplied(parsePrefer('wait=9999'))).toBe('wait=60')
  expect(preferenceApplied(parsePrefer('respond-async, wait=5'))).toBe('respond-async')
  expect(preferenceApplied(parsePrefer('handling=strict'))).toBeUndefined()
})
