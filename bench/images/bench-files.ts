import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'

/** An image file that is decoded, and the most that may be asked of it beside sharp. */
export interface BenchFile {
  name: string
  bytes: Uint8Array
}

/** Photos in examples/, and the size of the tiles that are cut out of their middles. */
const PHOTOS = ['coffee.png', 'rocket.jpg', 'cat.png']
const TILE = { width: 400, height: 300 }
/** 4000 x 3000 pixels. */
const COLUMNS = 10
const ROWS = 10

/**
 * The files that speed is measured with. Their pixels are a mosaic of the example photos at their own resolution, each tile
 * mirrored in another way: detail like that of a sharp photo, and no two parts equal enough to compress better.
 */
export async function makeBenchFiles(): Promise<BenchFile[]> {
  const pixels = await mosaic()
  const whole = () => sharp(pixels, { raw: { width: 4000, height: 3000, channels: 3 } })
  const part = (width: number, height: number) => whole().extract({ left: 137, top: 91, width, height })
  const [twoMegapixels, small] = [() => part(1632, 1224), () => part(640, 480)]
  const files: [name: string, file: Sharp][] = [
    ['JPEG 12 MP, baseline 4:2:0', whole().jpeg({ quality: 85 })],
    ['JPEG 2 MP', twoMegapixels().jpeg({ quality: 85 })],
    ['JPEG 0.3 MP', small().jpeg({ quality: 85 })],
    ['JPEG 12 MP, progressive', whole().jpeg({ quality: 85, progressive: true })],
    ['PNG 2 MP, RGB', twoMegapixels().png()],
    ['PNG 2 MP, RGBA', twoMegapixels().ensureAlpha(0.6).png()],
    ['WebP 2 MP', twoMegapixels().webp()],
    ['WebP 2 MP, lossless', twoMegapixels().webp({ lossless: true, effort: 1 })],
    ['GIF 0.3 MP', small().gif({ effort: 1 })],
  ]
  return Promise.all(files.map(async ([name, file]) => ({ name, bytes: await file.toBuffer() })))
}

async function mosaic(): Promise<Buffer> {
  const tiles = await Promise.all(PHOTOS.map(tilesOf))
  const input = Array.from({ length: COLUMNS * ROWS }, (_, i) => {
    const variants = tiles[(i * 7 + Math.floor(i / COLUMNS)) % tiles.length] as Buffer[]
    return {
      input: variants[i % variants.length] as Buffer,
      raw: { ...TILE, channels: 3 as const },
      left: (i % COLUMNS) * TILE.width,
      top: Math.floor(i / COLUMNS) * TILE.height,
    }
  })
  return sharp({ create: { width: 4000, height: 3000, channels: 3, background: 'black' } })
    .composite(input)
    .removeAlpha()
    .raw()
    .toBuffer()
}

/** The same tile four times, each mirrored in another way. */
async function tilesOf(photo: string): Promise<Buffer[]> {
  const tile = () =>
    sharp(join(PROJECT_ROOT, 'examples', photo))
      .resize(TILE)
      .removeAlpha()
      .toColourspace('srgb')
  const variants = [tile(), tile().flop(), tile().flip(), tile().flip().flop()]
  return Promise.all(variants.map((variant) => variant.raw().toBuffer()))
}
