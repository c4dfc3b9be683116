import { expect, test } from 'vitest'
import type { TensorDtype } from '../../shared/tensor-value.ts'
import { firstElements } from './tensor-elements.ts'

const base64 = (array: ArrayBufferView) =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64')

test.each<[TensorDtype, ArrayBufferView, string[]]>([
  ['float16', Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7c00), ['1', '-2.5', '0.0000000596', '∞']],
  ['float32', Float32Array.of(0.12345, -2), ['0.123', '-2']],
  ['float64', Float64Array.of(1e-3), ['0.001']],
  ['int8', Int8Array.of(-1, 127), ['-1', '127']],
  ['uint8', Uint8Array.of(255), ['255']],
  ['int16', Int16Array.of(-300), ['-300']],
  ['uint16', Uint16Array.of(65_535), ['65535']],
  ['int32', Int32Array.of(-70_000), ['-70000']],
  ['uint32', Uint32Array.of(4_000_000_000), ['4000000000']],
  ['int64', BigInt64Array.of(-(2n ** 60n)), [String(-(2n ** 60n))]],
  ['uint64', BigUint64Array.of(2n ** 63n), [String(2n ** 63n)]],
  ['bool', Uint8Array.of(1, 0), ['1', '0']],
])('elements of %s', (dtype, array, expected) => {
  expect(firstElements({ dtype, shape: [expected.length], data: base64(array) }, 8)).toEqual(expected)
})

test('of many, only the first', () => {
  const data = base64(Float32Array.from({ length: 1_000 }, (_, i) => i))
  expect(firstElements({ dtype: 'float32', shape: [1_000], data }, 4)).toEqual(['0', '1', '2', '3'])
})
