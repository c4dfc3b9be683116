import * as z from 'zod'
import { tensorByteLength } from './tensor.ts'

/** Element types of a model's outputs, in bytes an element. `bool` is one byte, 0 or 1. */
export const ELEMENT_BYTES = {
  float16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  bool: 1,
} as const
export type TensorDtype = keyof typeof ELEMENT_BYTES
export const TENSOR_DTYPES = Object.keys(ELEMENT_BYTES) as TensorDtype[]

/** What a model gave for one image: `shape` without the batch dimension, `data` the elements, little-endian, in base64. */
export const tensorValueSchema = z
  .object({ dtype: z.enum(TENSOR_DTYPES), shape: z.array(z.int().nonnegative()), data: z.string() })
  .refine(
    ({ dtype, shape, data }) => data.length === base64Length(tensorByteLength(shape) * ELEMENT_BYTES[dtype]),
    { error: 'data does not have the length that dtype and shape say', path: ['data'] },
  )
export type TensorValue = z.infer<typeof tensorValueSchema>

/** Characters of `bytes` bytes in base64, padding included. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4
}

/**
 * The elements of a float32 tensor, in nine significant digits: enough to get every float32 back, half as long in JSON as the
 * same number as a double. Throws if `data` is no base64.
 */
export function float32Elements({ data }: TensorValue): number[] {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0))
  const view = new DataView(bytes.buffer)
  const elements: number[] = []
  for (let at = 0; at < bytes.length; at += 4) elements.push(Number(view.getFloat32(at, true).toPrecision(9)))
  return elements
}
