import { randomNumbers } from '../support/random-numbers.ts'
import type { NamedFile } from './good-images.ts'

type Pick = (below: number) => number
type Damage = (bytes: Uint8Array, pick: Pick, others: readonly NamedFile[]) => Uint8Array

/** Bytes that mean something to a header: zeros, ones, signs, sizes, and a JPEG's marker. */
const TELLING = [0x00, 0x01, 0x7f, 0x80, 0xd8, 0xda, 0xff]

/** Half of all changes hit the first 200 bytes, where the headers are. */
function position(bytes: Uint8Array, pick: Pick): number {
  return pick(pick(2) === 0 ? Math.min(200, bytes.length) : bytes.length)
}

const DAMAGES: Record<string, Damage> = {
  'cut off': (bytes, pick) => bytes.slice(0, pick(bytes.length)),
  'with its last bytes missing': (bytes, pick) => bytes.slice(0, bytes.length - 1 - pick(16)),
  'with a byte changed': (bytes, pick) => changed(bytes, pick, 1),
  'with some bytes changed': (bytes, pick) => changed(bytes, pick, 2 + pick(30)),
  'with a bit flipped': (bytes, pick) => {
    const copy = bytes.slice()
    const at = position(bytes, pick)
    copy[at] = (copy[at] as number) ^ (1 << pick(8))
    return copy
  },
  'with a length or size blown up': (bytes, pick) => {
    const at = position(bytes, pick)
    return bytes.slice().fill(pick(2) === 0 ? 0xff : 0x7f, at, at + 1 + pick(4))
  },
  'with a part missing': (bytes, pick) => {
    const at = position(bytes, pick)
    return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + pick(64)))
  },
  'with a part twice': (bytes, pick) => {
    const at = position(bytes, pick)
    const part = bytes.subarray(at, at + 1 + pick(300))
    return joined(bytes.subarray(0, at), part, bytes.subarray(at))
  },
  'with a part of another file inside': (bytes, pick, others) => {
    const other = (others[pick(others.length)] as NamedFile).bytes
    const at = position(bytes, pick)
    return joined(bytes.subarray(0, at), other.subarray(pick(other.length)), bytes.subarray(at))
  },
  'with zeros at its end': (bytes, pick) => {
    return bytes.slice().fill(0, pick(bytes.length))
  },
}

/** `each` variants of each file, the same ones for the same seed. */
export function damagedImages(files: readonly NamedFile[], each: number, seed: number): NamedFile[] {
  const pick = randomNumbers(seed)
  const kinds = Object.entries(DAMAGES)
  return files.flatMap(({ name, bytes }) =>
    Array.from({ length: each }, (_, i) => {
      const [kind, damage] = kinds[i % kinds.length] as [string, Damage]
      return { name: `${name} ${kind}, variant ${i}`, bytes: damage(bytes, pick, files) }
    }),
  )
}

function changed(bytes: Uint8Array, pick: Pick, count: number): Uint8Array {
  const copy = bytes.slice()
  for (let i = 0; i < count; i++) {
    copy[position(bytes, pick)] = pick(2) === 0 ? pick(256) : (TELLING[pick(TELLING.length)] as number)
  }
  return copy
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
