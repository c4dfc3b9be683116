import { expect, test } from 'vitest'
import { idempotencyDigest, parseIdempotencyKey } from './idempotency-key.ts'

test('a key may stand in quotes or not', () => {
  expect(parseIdempotencyKey('8e03978e-40d5')).toBe('8e03978e-40d5')
  expect(parseIdempotencyKey('"8e03978e-40d5"')).toBe('8e03978e-40d5')
  expect(parseIdempotencyKey(undefined)).toBeUndefined()
})

test.each(['', '""', 'with space', 'a"b', 'ü', 'x'.repeat(256), '"unclosed', '\t'])(
  '%j is refused',
  (header) => {
    expect(() => parseIdempotencyKey(header)).toThrow('invalid-request')
  },
)

test('the same key of two callers is two keys', async () => {
  expect(await idempotencyDigest('a', 'k')).toBe(await idempotencyDigest('a', 'k'))
  expect(await idempotencyDigest('a', 'k')).not.toBe(await idempotencyDigest('b', 'k'))
  expect(await idempotencyDigest('', 'k')).not.toBe(await idempotencyDigest('a', 'k'))
})
