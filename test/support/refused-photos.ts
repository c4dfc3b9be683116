import { crc32 } from 'node:zlib'
import type { ProblemCode } from '../../shared/errors.ts'
import { scene } from './scene.ts'

const small = () => scene(120, 90)
const half = (file: Buffer) => file.subarray(0, file.length / 2)

/** Files that every decoder refuses, with the code of the ProblemError. */
export const REFUSED_PHOTOS: Readonly<Record<string, [code: ProblemCode, file: () => Promise<Uint8Array>]>> =
  {
    '0 bytes': ['empty-image', async () => new Uint8Array()],
    text: ['unsupported-image', async () => Buffer.from('I am not a photo.\n'.repeat(50))],
    SVG: [
      'unsupported-image',
      async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    ],
    PDF: ['unsupported-image', async () => Buffer.from('%PDF-1.7\n')],
    HEIC: ['unsupported-image', async () => Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic')],
    BMP: ['unsupported-image', async () => Buffer.from('BM'.padEnd(100, '\0'))],
    'a JPEG cut in half': ['undecodable-image', async () => half(await small().jpeg().toBuffer())],
    'a progressive JPEG cut in half': [
      'undecodable-image',
      async () => half(await small().jpeg({ progressive: true }).toBuffer()),
    ],
    'a JPEG without its last two bytes': [
      'undecodable-image',
      async () => (await small().jpeg().toBuffer()).subarray(0, -2),
    ],
    'a PNG cut in half': ['undecodable-image', async () => half(await small().png().toBuffer())],
    'an interlaced PNG cut in half': [
      'undecodable-image',
      async () => half(await small().png({ progressive: true }).toBuffer()),
    ],
    'a WebP cut in half': ['undecodable-image', async () => half(await small().webp().toBuffer())],
    'a lossless WebP cut in half': [
      'undecodable-image',
      async () => half(await small().webp({ lossless: true }).toBuffer()),
    ],
    'a JPEG that ends within its header': [
      'undecodable-image',
      async () => (await small().jpeg().toBuffer()).subarray(0, 40),
    ],
    'a PNG that ends within its header': [
      'undecodable-image',
      async () => (await small().png().toBuffer()).subarray(0, 40),
    ],
    'a JPEG that claims 65,500 x 65,500': ['image-too-large', () => jpegClaiming(65_500, 65_500)],
    'a JPEG that claims no columns': ['undecodable-image', () => jpegClaiming(0, 90)],
    'a PNG that claims 60,000 x 60,000': ['image-too-large', () => pngClaiming(60_000, 60_000)],
    'a PNG that claims more rows than it has': ['undecodable-image', () => pngClaiming(120, 900)],
    'a PNG whose pixels are damaged': [
      'undecodable-image',
      async () => (await small().png().toBuffer()).fill(0x55, 200, 300),
    ],
  }

async function jpegClaiming(width: number, height: number): Promise<Buffer> {
  const jpeg = await small().jpeg().toBuffer()
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]))
  jpeg.writeUInt16BE(height, frame + 5)
  jpeg.writeUInt16BE(width, frame + 7)
  return jpeg
}

/** With a checksum that is right, as a forger would write it. */
async function pngClaiming(width: number, height: number): Promise<Buffer> {
  const png = await small().png().toBuffer()
  png.writeUInt32BE(width, 16)
  png.writeUInt32BE(height, 20)
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29)
  return png
}
