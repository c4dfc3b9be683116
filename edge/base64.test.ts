import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toBase64 } from './base64.ts'

test('is what Node says it is, at every length around the pieces it works in', () => {
  const lengths = [0, 1, 2, 3, 24_572, 24_573, 24_574, 24_575, 150_528]
  for (const length of lengths) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31) % 256)
    expect(toBase64(bytes) === Buffer.from(bytes).toString('base64')).toBe(true)
  }
})

test('of any bytes comes back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(Buffer.from(toBase64(bytes), 'base64')).toEqual(Buffer.from(bytes))
    }),
  )
})

test('uses the engine’s own encoder where there is one', () => {
  expect(toBase64(Object.assign(new Uint8Array(3), { toBase64: () => 'own' }))).toBe('own')
})
