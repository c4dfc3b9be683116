import type { Orientation } from '../../shared/orientation.ts'

const TAG_ORIENTATION = 0x0112
const TYPE_SHORT = 3
const ENTRY_BYTES = 12

/**
 * The orientation out of an EXIF block (a TIFF structure, with or without the `Exif\0\0` that precedes it in JPEG).
 * A photo with broken EXIF is still a photo: whatever is malformed or out of bounds reads as 1, as stored.
 */
export function readExifOrientation(exif: Uint8Array): Orientation {
  const tiff = hasExifPrefix(exif) ? exif.subarray(6) : exif
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  if (view.byteLength < 8) return 1
  const byteOrder = view.getUint16(0)
  if (byteOrder !== 0x4949 && byteOrder !== 0x4d4d) return 1
  const littleEndian = byteOrder === 0x4949
  if (view.getUint16(2, littleEndian) !== 42) return 1
  return orientationInDirectory(view, view.getUint32(4, littleEndian), littleEndian)
}

function orientationInDirectory(view: DataView, directory: number, littleEndian: boolean): Orientation {
  if (directory + 2 > view.byteLength) return 1
  const entries = view.getUint16(directory, littleEndian)
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + i * ENTRY_BYTES
    if (entry + ENTRY_BYTES > view.byteLength) return 1
    if (view.getUint16(entry, littleEndian) !== TAG_ORIENTATION) continue
    if (view.getUint16(entry + 2, littleEndian) !== TYPE_SHORT) return 1
    const value = view.getUint16(entry + 8, littleEndian)
    return value >= 1 && value <= 8 ? (value as Orientation) : 1
  }
  return 1
}

/** "Exif\0\0"; the last byte is not compared, because some cameras write 0xFF there. */
export function hasExifPrefix(bytes: Uint8Array): boolean {
  return (
    bytes.length >= 6 &&
    bytes[0] === 0x45 &&
    bytes[1] === 0x78 &&
    bytes[2] === 0x69 &&
    bytes[3] === 0x66 &&
    bytes[4] === 0
  )
}
