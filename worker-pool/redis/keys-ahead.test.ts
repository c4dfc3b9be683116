import { expect, test } from 'vitest'
import { keysAhead } from './keys-ahead.ts'

test('few tensors ahead where Redis is near', () => {
  expect(keysAhead(150_528, 0.05)).toBe(4)
})

test('as many as fill the way to a distant Redis', () => {
  expect(keysAhead(150_528, 5)).toBe(20)
})

test('never so many that Redis prepares replies without end, and never fewer than keep both busy', () => {
  expect(keysAhead(150_528, 1_000)).toBe(64)
  expect(keysAhead(784, 0)).toBe(64)
  expect(keysAhead(10_000_000, 0)).toBe(2)
})

test('few where nobody knows how long the values are', () => {
  expect(keysAhead(undefined, 100)).toBe(2)
})
