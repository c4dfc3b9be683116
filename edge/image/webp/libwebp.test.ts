import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import sharp, { type Sharp } from 'sharp'
import { describe, expect, test } from 'vitest'
import { decodedWebp } from '../../../test/support/decoded-webp.ts'
import { type AnimationFrame, writeAnimation } from '../../../test/support/webp-writer.ts'
import { LibWebp } from './libwebp.ts'
import { readWebpHeader } from './webp-header.ts'

const inFolder = (file: string) => readFileSync(new URL(`libwebp/${file}`, import.meta.url))
const module = new WebAssembly.Module(inFolder('libwebp.wasm'))
const decoder = new LibWebp(module)

/** Waves, an edge and some noise; alpha runs from 0 to 255. */
function scene(width: number, height: number, channels: 3 | 4 = 3): Sharp {
  const data = Buffer.alloc(width * height * channels)
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)]
    const noise = (Math.imul(i, 2654435761) >>> 28) + (x > width / 2 ? 60 : 0)
    const alpha = Math.min(255, Math.max(0, 3 * (x + y) - 60))
    const pixel = [60 + 50 * Math.sin(x / 5) + noise, 90 + 50 * Math.sin(y / 9) + noise, 2 * y + noise, alpha]
    data.set(pixel.slice(0, channels), i * channels)
  }
  return sharp(data, { raw: { width, height, channels } })
}

const bySharp = (file: Uint8Array) => sharp(file).ensureAlpha().raw().toBuffer()

describe('LibWebp decodes to the very bytes of native libwebp', () => {
  const KINDS: Record<string, () => Promise<Buffer>> = {
    lossy: () => scene(203, 151).webp().toBuffer(),
    'lossy, one macroblock': () => scene(16, 16).webp().toBuffer(),
    'lossy, strongly compressed': () => scene(200, 150).webp({ quality: 5 }).toBuffer(),
    'lossy, hardly compressed': () => scene(200, 150).webp({ quality: 100, effort: 6 }).toBuffer(),
    'lossy with alpha': () => scene(203, 151, 4).webp().toBuffer(),
    'lossy with coarse alpha': () => scene(203, 151, 4).webp({ alphaQuality: 20 }).toBuffer(),
    lossless: () => scene(203, 151).webp({ lossless: true }).toBuffer(),
    'lossless with alpha': () => scene(203, 151, 4).webp({ lossless: true, exact: true }).toBuffer(),
    'lossless, near': () => scene(203, 151).webp({ nearLossless: true, quality: 40 }).toBuffer(),
    'lossless of few colours': () => flags(90, 70).webp({ lossless: true }).toBuffer(),
    'lossless of one colour': () => flags(90, 1).webp({ lossless: true }).toBuffer(),
    'turned by EXIF, which is not applied': () =>
      scene(60, 40).webp().withMetadata({ orientation: 6 }).toBuffer(),
  }
  test.each(Object.keys(KINDS))('%s', async (kind) => {
    const file = (await KINDS[kind]?.()) ?? Buffer.alloc(0)
    expect(decodedWebp(decoder, file)).toEqual(await bySharp(file))
  })

  test.each([
    [1, 1],
    [1, 300],
    [300, 1],
    [2, 3],
    [17, 33],
    [16_383, 2],
    [2, 16_383],
  ])('%i x %i pixels, lossy and lossless', async (width, height) => {
    for (const lossless of [false, true]) {
      const file = await scene(width, height, 4).webp({ lossless }).toBuffer()
      expect(decodedWebp(decoder, file).equals(await bySharp(file))).toBe(true)
    }
  })

  /** Stripes in three colours. */
  function flags(width: number, height: number): Sharp {
    const colours = [
      [200, 30, 30],
      [240, 240, 240],
      [20, 40, 160],
    ]
    const pixels = Array.from(
      { length: width * height },
      (_, i) => colours[Math.floor(i / width / 5) % 3] ?? [],
    )
    return sharp(Buffer.from(pixels.flat()), { raw: { width, height, channels: 3 } })
  }
})

describe('LibWebp, of an animation, decodes the first frame on its canvas', () => {
  const frame = async (options: { alpha: boolean; lossless: boolean }): Promise<AnimationFrame> => ({
    ...{ left: 6, top: 4, width: 50, height: 37 },
    still: await scene(50, 37, options.alpha ? 4 : 3)
      .webp({ lossless: options.lossless })
      .toBuffer(),
  })
  const KINDS = [
    { name: 'lossy', alpha: false, lossless: false },
    { name: 'lossy with alpha', alpha: true, lossless: false },
    { name: 'lossless', alpha: false, lossless: true },
    { name: 'lossless with alpha', alpha: true, lossless: true },
  ]
  test.each(KINDS)('$name', async (kind) => {
    const first = await frame(kind)
    const second = { ...(await frame(KINDS[0] ?? kind)), left: 0, top: 0 }
    for (const canvas of [
      { width: 56, height: 41 },
      { width: 90, height: 120 },
    ]) {
      const file = writeAnimation(canvas, [first, second])
      expect(decodedWebp(decoder, file)).toEqual(await bySharp(file))
    }
    const filling = writeAnimation({ width: 50, height: 37 }, [{ ...first, left: 0, top: 0 }, second])
    expect(decodedWebp(decoder, filling)).toEqual(await bySharp(filling))
  })

  test('as libvips writes it', async () => {
    const pages = [await scene(80, 60).png().toBuffer(), await scene(80, 60).negate().png().toBuffer()]
    const file = await sharp(pages, { join: { animated: true } })
      .webp()
      .toBuffer()
    expect(decodedWebp(decoder, file)).toEqual(await bySharp(file))
  })
})

describe('LibWebp', () => {
  test('is the file that ORIGIN.md describes', () => {
    const sha256 = createHash('sha256').update(inFolder('libwebp.wasm')).digest('hex')
    expect(inFolder('ORIGIN.md').toString()).toContain(sha256)
  })

  test('imports nothing but what it is given', () => {
    expect(WebAssembly.Module.imports(module).map(({ module, name }) => `${module}.${name}`)).toEqual([
      'env.emit_rows',
      'env.emscripten_notify_memory_growth',
    ])
  })

  test('lets out what the sink throws, and stays usable', async () => {
    const file = await scene(200, 150).webp().toBuffer()
    const header = readWebpHeader(file)
    let calls = 0
    const refusing = () => {
      calls++
      throw new Error('from the sink')
    }
    expect(() => decoder.decode(file, header, refusing)).toThrow('from the sink')
    expect(calls).toBe(1)
    expect(decodedWebp(decoder, file)).toEqual(await bySharp(file))
  })

  test('holds a few rows of a lossy picture, whatever its height', async () => {
    const instance = new LibWebp(module)
    decodedWebp(instance, await scene(600, 100).webp().toBuffer())
    const before = instance.memoryBytes
    const high = await scene(600, 3000).webp({ quality: 10 }).toBuffer()
    decodedWebp(instance, high)
    expect(instance.memoryBytes - before).toBeLessThan(high.length + 200_000)
  })

  test('holds at most 5 bytes a pixel of a lossless picture, and 7 of one with lossy alpha, beside the file', async () => {
    for (const [bytesAPixel, file] of [
      [5, await scene(1200, 900, 4).webp({ lossless: true, effort: 1 }).toBuffer()],
      [7, await scene(1200, 900, 4).webp({ effort: 1 }).toBuffer()],
    ] as const) {
      const instance = new LibWebp(module)
      const before = instance.memoryBytes
      decodedWebp(instance, file)
      expect(instance.memoryBytes - before).toBeLessThan(file.length + bytesAPixel * 1200 * 900)
    }
  })

  test('refuses what takes more than 28 MiB, and decodes the next picture', async () => {
    const instance = new LibWebp(module)
    const vast = await scene(80, 80).resize(4200, 4200).webp({ lossless: true, effort: 0 }).toBuffer()
    const refusal = expect.objectContaining({ code: 'image-too-large' })
    expect(() => instance.decode(vast, readWebpHeader(vast), () => {})).toThrow(refusal)
    const file = await scene(200, 150).webp().toBuffer()
    expect(decodedWebp(instance, file)).toEqual(await bySharp(file))
    expect(instance.memoryBytes).toBeLessThanOrEqual(28 * 1024 * 1024)
  })

  test('takes no more memory for a hundred pictures than for one of each', async () => {
    const instance = new LibWebp(module)
    const files = [
      await scene(500, 400).webp().toBuffer(),
      await scene(400, 500, 4).webp().toBuffer(),
      await scene(300, 600, 4).webp({ lossless: true }).toBuffer(),
    ]
    const decodeAll = () => {
      for (const file of files) decodedWebp(instance, file)
    }
    decodeAll()
    const before = instance.memoryBytes
    for (let i = 0; i < 34; i++) decodeAll()
    expect(instance.memoryBytes).toBe(before)
  })
})
