import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  base64Length,
  ELEMENT_BYTES,
  float32Elements,
  TENSOR_DTYPES,
  tensorValueSchema,
} from './tensor-value.ts'

const base64 = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64')

test('base64 has as many characters as it says, for every remainder', () => {
  for (let bytes = 0; bytes < 10; bytes++) expect(base64Length(bytes)).toBe(base64(bytes).length)
})

describe('a tensor', () => {
  test.each(TENSOR_DTYPES)('of %s has as many bytes as its shape says', (dtype) => {
    const data = base64(6 * ELEMENT_BYTES[dtype])
    expect(tensorValueSchema.safeParse({ dtype, shape: [2, 3], data }).success).toBe(true)
    expect(tensorValueSchema.safeParse({ dtype, shape: [2, 8], data }).success).toBe(false)
  })

  test.each([
    ['without dimensions holds one element', [], 4],
    ['may be empty', [0, 4], 0],
  ])('%s', (_, shape, bytes) => {
    expect(tensorValueSchema.safeParse({ dtype: 'float32', shape, data: base64(bytes) }).success).toBe(true)
  })

  test.each([
    ['a negative side', { dtype: 'uint8', shape: [-1, -4], data: base64(4) }],
    ['half a side', { dtype: 'uint8', shape: [1.5, 2], data: base64(3) }],
    ['an unknown type', { dtype: 'text', shape: [1], data: base64(1) }],
  ])('with %s is refused', (_, value) => {
    expect(tensorValueSchema.safeParse(value).success).toBe(false)
  })
})

describe('the elements of a float32 tensor', () => {
  const elementsOf = (values: Float32Array) =>
    float32Elements({
      dtype: 'float32',
      shape: [values.length],
      data: Buffer.from(values.buffer).toString('base64'),
    })

  test('are given in nine significant digits', () => {
    expect(elementsOf(Float32Array.of(0.1, 1 / 3, 1e-40, -2))).toEqual([
      0.100000001, 0.333333343, 9.9999461e-41, -2,
    ])
  })

  test('are every float32 again, through JSON', () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true }), (values) => {
        const read = Float32Array.from(JSON.parse(JSON.stringify(elementsOf(values))) as number[])
        // JSON has no negative zero.
        expect(read).toEqual(values.map((value) => value + 0))
      }),
      { seed: 1 },
    )
  })
})
