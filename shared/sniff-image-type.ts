import type { ImageType } from './image-type.ts'

/** Offset of the magic bytes, and the bytes as Latin-1. All of a type's parts must be there. */
type Part = readonly [offset: number, magic: string]

const SIGNATURES: readonly (readonly [type: ImageType, ...parts: Part[]])[] = [
  ['jpeg', [0, '\xff\xd8\xff']],
  ['png', [0, '\x89PNG\r\n\x1a\n']],
  ['webp', [0, 'RIFF'], [8, 'WEBP']],
  ['gif', [0, 'GIF87a']],
  ['gif', [0, 'GIF89a']],
  ['tiff', [0, 'II*\0']],
  ['tiff', [0, 'MM\0*']],
  ['jxl', [0, '\xff\x0a']],
  ['jxl', [4, 'JXL \r\n\x87\n']],
  ['jp2', [4, 'jP  \r\n\x87\n']],
  ['bmp', [0, 'BM']],
]

/**
 * What AVIF and HEIC call themselves in the `ftyp` box they start with (ISO/IEC 23000-22). `mif1` and `msf1` say only how
 * the file is laid out: then the codec is told by the brands after them, and HEIC it is where none tells.
 */
const BRANDS: readonly (readonly [type: 'avif' | 'heic', brand: RegExp])[] = [
  ['avif', /^avi[fs]$/],
  ['heic', /^he[iv][cxms]$/],
]
const LAYOUT_BRAND = /^m[is]f1$/
/** Real files name fewer than ten. */
const MAX_BRANDS = 32

/**
 * A photo's type by its first bytes; names, headers and what a client claims are not asked. Undefined for everything else,
 * text, SVG and PDF among it. Says nothing about whether the rest is in order.
 */
export function sniffImageType(bytes: Uint8Array): ImageType | undefined {
  const found = SIGNATURES.find(([, ...parts]) =>
    parts.every(([offset, magic]) => hasMagic(bytes, offset, magic)),
  )
  return found?.[0] ?? heifType(bytes)
}

function heifType(bytes: Uint8Array): 'avif' | 'heic' | undefined {
  if (!hasMagic(bytes, 4, 'ftyp')) return undefined
  const [major = '', ...compatible] = brandsOf(bytes)
  const typeOf = (name: string) => BRANDS.find(([, brand]) => brand.test(name))?.[0]
  if (!LAYOUT_BRAND.test(major)) return typeOf(major)
  return compatible.map(typeOf).find((type) => type !== undefined) ?? 'heic'
}

/** Of the `ftyp` box: its length (4 bytes), its name, the major brand, a version, the compatible brands. */
function brandsOf(bytes: Uint8Array): string[] {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0)
  const end = Math.min(length, bytes.length, 16 + 4 * MAX_BRANDS)
  const brands: string[] = []
  for (let at = 8; at + 4 <= end; at += at === 8 ? 8 : 4) {
    brands.push(String.fromCharCode(...bytes.subarray(at, at + 4)))
  }
  return brands
}

/** Whether these Latin-1 characters stand at `offset`. */
export function hasMagic(bytes: Uint8Array, offset: number, magic: string): boolean {
  if (bytes.length < offset + magic.length) return false
  for (let i = 0; i < magic.length; i++) {
    if (bytes[offset + i] !== magic.charCodeAt(i)) return false
  }
  return true
}
