import type { TensorDtype, TensorValue } from '../../shared/tensor-value.ts'
import { short } from '../design/format.ts'

type Read = (view: DataView, at: number) => number | bigint

/** Bytes an element, and how one is read, little-endian. */
const ELEMENTS: Readonly<Record<TensorDtype, readonly [bytes: number, read: Read]>> = {
  float16: [2, (view, at) => float16(view.getUint16(at, true))],
  float32: [4, (view, at) => view.getFloat32(at, true)],
  float64: [8, (view, at) => view.getFloat64(at, true)],
  int8: [1, (view, at) => view.getInt8(at)],
  uint8: [1, (view, at) => view.getUint8(at)],
  int16: [2, (view, at) => view.getInt16(at, true)],
  uint16: [2, (view, at) => view.getUint16(at, true)],
  int32: [4, (view, at) => view.getInt32(at, true)],
  uint32: [4, (view, at) => view.getUint32(at, true)],
  int64: [8, (view, at) => view.getBigInt64(at, true)],
  uint64: [8, (view, at) => view.getBigUint64(at, true)],
  bool: [1, (view, at) => view.getUint8(at)],
}

/** The first elements, as people read them: whole numbers as they are, others with three digits. */
export function firstElements({ dtype, data }: TensorValue, most: number): string[] {
  const [bytes, read] = ELEMENTS[dtype]
  // Four characters of base64 are three bytes.
  const start = atob(data.slice(0, Math.ceil((most * bytes) / 3) * 4))
  const view = new DataView(Uint8Array.from(start, (character) => character.charCodeAt(0)).buffer)
  const count = Math.min(most, Math.floor(view.byteLength / bytes))
  const isFloat = dtype.startsWith('float')
  return Array.from({ length: count }, (_, i) => {
    const element = read(view, i * bytes)
    return isFloat ? short(Number(element)) : String(element)
  })
}

/** IEEE 754 half precision; not all browsers read it by themselves. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * 2 ** -14 * (fraction / 1024)
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024)
}
