import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readExifOrientation } from './exif-orientation.ts'

/** A TIFF structure whose only entry is the orientation. */
function exif(value: number, { littleEndian = true, type = 3, directory = 8, entries = 1 } = {}): Uint8Array {
  const view = new DataView(new ArrayBuffer(directory + 2 + 12))
  view.setUint16(0, littleEndian ? 0x4949 : 0x4d4d)
  view.setUint16(2, 42, littleEndian)
  view.setUint32(4, directory, littleEndian)
  view.setUint16(directory, entries, littleEndian)
  view.setUint16(directory + 2, 0x0112, littleEndian)
  view.setUint16(directory + 4, type, littleEndian)
  view.setUint32(directory + 6, 1, littleEndian)
  view.setUint16(directory + 10, value, littleEndian)
  return new Uint8Array(view.buffer)
}

describe('readExifOrientation', () => {
  test.each([true, false])('reads 1 to 8 (little-endian: %s)', (littleEndian) => {
    for (let value = 1; value <= 8; value++)
      expect(readExifOrientation(exif(value, { littleEndian }))).toBe(value)
  })

  test('skips the prefix that JPEG puts before it', () => {
    expect(readExifOrientation(Uint8Array.from([0x45, 0x78, 0x69, 0x66, 0, 0, ...exif(6)]))).toBe(6)
  })

  test('finds the directory where the header says', () => {
    expect(readExifOrientation(exif(6, { directory: 40 }))).toBe(6)
  })

  test('is 1 for values out of range, other types, and entries that are not there', () => {
    expect(readExifOrientation(exif(0))).toBe(1)
    expect(readExifOrientation(exif(9))).toBe(1)
    expect(readExifOrientation(exif(6, { type: 2 }))).toBe(1)
    expect(readExifOrientation(exif(6, { entries: 0 }))).toBe(1)
  })

  test('is 1 wherever the block is cut off', () => {
    const whole = exif(6)
    for (let length = 0; length < whole.length; length++) {
      expect(readExifOrientation(whole.subarray(0, length))).toBe(1)
    }
  })

  test('never fails, whatever a byte is changed to', () => {
    fc.assert(
      fc.property(fc.nat(21), fc.nat(255), (at, value) => {
        const bytes = exif(6)
        bytes[at] = value
        expect(readExifOrientation(bytes)).toBeOneOf([1, 2, 3, 4, 5, 6, 7, 8])
      }),
      { seed: 1, numRuns: 500 },
    )
  })
})
