import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { type DecodedGif, decodeWholeGif, noise, palette, stripes } from '../../../test/support/gif-pixels.ts'
import { type GifFrameRecipe, type GifRecipe, writeGif } from '../../../test/support/gif-writer.ts'
import { decodeGif } from './gif-decoder.ts'
import { readGifHeader } from './gif-header.ts'

/** RGBA by sharp. Where no frame has a transparent index, sharp gives no alpha, and black is what is transparent here. */
async function bySharp(file: Uint8Array): Promise<{ rgba: DecodedGif; hasAlpha: boolean }> {
  const { hasAlpha } = await sharp(file).metadata()
  const image = sharp(file).toColourspace('srgb').ensureAlpha().raw()
  const { data, info } = await image.toBuffer({ resolveWithObject: true })
  return { rgba: { data, width: info.width, height: info.height }, hasAlpha }
}

async function expectSharpsPixels(file: Uint8Array): Promise<void> {
  const ours = decodeWholeGif(file)
  const { rgba, hasAlpha } = await bySharp(file)
  for (let i = 3; !hasAlpha && i < ours.data.length; i += 4) ours.data[i] = 255
  expect([ours.width, ours.height]).toEqual([rgba.width, rgba.height])
  expect(ours.data.equals(rgba.data)).toBe(true)
}

function still(frame: GifFrameRecipe, recipe: Partial<GifRecipe> = {}): Uint8Array {
  return writeGif({
    width: frame.width,
    height: frame.height,
    palette: palette(256),
    frames: [frame],
    ...recipe,
  })
}

describe('decodeGif gives the pixels that libvips gives of the first frame', () => {
  const scene = sharp(Buffer.from(noise(150, 101, 256)), { raw: { width: 50, height: 101, channels: 3 } })
  const background = { r: 9, g: 99, b: 199, alpha: 0 }

  test.each([
    ['a plain file', () => scene.clone().gif()],
    ['few colours', () => scene.clone().gif({ colours: 5 })],
    ['grey', () => scene.clone().greyscale().gif()],
    ['interlaced', () => scene.clone().gif({ progressive: true })],
    ['transparency', () => scene.clone().extend({ left: 7, top: 3, background }).gif()],
    ['one pixel', () => scene.clone().resize(1, 1).gif()],
    ['strips', () => scene.clone().resize(3000, 40, { fit: 'fill', kernel: 'nearest' }).gif()],
  ] as const)('written by sharp: %s', async (_, image) => {
    await expectSharpsPixels(await image().toBuffer())
  })

  test('written by sharp: an animation', async () => {
    const frames = [await scene.clone().png().toBuffer(), await scene.clone().negate().png().toBuffer()]
    const file = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer()
    expect(readGifHeader(file).frames).toBe(2)
    await expectSharpsPixels(file)
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 100])('interlaced, %i rows', async (height) => {
    await expectSharpsPixels(still({ width: 9, height, pixels: noise(9, height, 256), interlaced: true }))
  })

  test.each([
    ['within the screen', { left: 3, top: 2 }, [40, 30]],
    ['beyond its right and bottom', { left: 30, top: 25 }, [40, 30]],
    ['outside of it', { left: 50, top: 40 }, [40, 30]],
    ['within a large one', { left: 200, top: 100 }, [500, 400]],
    ['larger than it', {}, [5, 4]],
    ['in one that is ignored', { left: 2, top: 1 }, [800, 600]],
  ] as const)('a frame %s', async (_, place, [width, height]) => {
    const frame = { width: 20, height: 19, pixels: noise(20, 19, 256), ...place }
    await expectSharpsPixels(still(frame, { width, height }))
    await expectSharpsPixels(still({ ...frame, interlaced: true }, { width, height }))
    await expectSharpsPixels(still({ ...frame, transparentIndex: 7 }, { width, height }))
  })

  test.each([2, 3, 4, 5, 6, 7, 8])('codes that start at %i bits and one', async (minCodeSize) => {
    const colours = 2 ** minCodeSize
    for (const pixels of [noise(200, 100, colours), stripes(200, 100, colours)]) {
      const frame = { width: 200, height: 100, pixels, minCodeSize }
      await expectSharpsPixels(still(frame, { palette: palette(colours) }))
      await expectSharpsPixels(still({ ...frame, deferredClear: true }, { palette: palette(colours) }))
    }
  })

  test('a table that is full and never cleared', async () => {
    const pixels = Uint8Array.from([...noise(300, 200, 16), ...stripes(300, 200, 16)])
    await expectSharpsPixels(still({ width: 300, height: 400, pixels, deferredClear: true }))
  })

  test('strings of thousands of pixels', async () => {
    await expectSharpsPixels(still({ width: 1500, height: 1400, pixels: new Uint8Array(2_100_000).fill(3) }))
  })

  test.each([1, 2, 3, 7, 254, 255])('sub-blocks of %i bytes', async (subBlockBytes) => {
    await expectSharpsPixels(still({ width: 60, height: 40, pixels: noise(60, 40, 256), subBlockBytes }))
  })

  test("the frame's own palette, with and without the file's", async () => {
    const frame = { width: 20, height: 10, pixels: noise(20, 10, 8), palette: palette(8, 2) }
    await expectSharpsPixels(still(frame))
    await expectSharpsPixels(writeGif({ width: 20, height: 10, frames: [frame] }))
  })

  test('indices that the palette has no entry for, and no palette at all', async () => {
    const frame = { width: 20, height: 10, pixels: noise(20, 10, 8), minCodeSize: 3 }
    await expectSharpsPixels(still(frame, { palette: palette(4) }))
    await expectSharpsPixels(still({ ...frame, palette: palette(2, 3) }))
    await expectSharpsPixels(writeGif({ width: 20, height: 10, frames: [frame] }))
  })

  test('data beyond the last pixel', async () => {
    const pixels = stripes(64, 50, 4)
    await expectSharpsPixels(still({ width: 64, height: 20, pixels }))
  })

  test('several graphic controls before a frame', async () => {
    const frame = { width: 20, height: 10, pixels: noise(20, 10, 8), transparentIndex: 3 }
    const whole = Buffer.from(still(frame))
    const at = whole.indexOf(Uint8Array.of(0x21, 0xf9))
    const control = (flags: number, index: number) => Uint8Array.of(0x21, 0xf9, 4, flags, 0, 0, index, 0)
    for (const second of [control(0, 5), control(1, 5)]) {
      const file = Buffer.concat([whole.subarray(0, at + 8), second, whole.subarray(at + 8)])
      await expectSharpsPixels(file)
    }
  })

  test('no clear code at the start', async () => {
    const whole = still({ width: 8, height: 1, pixels: Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 1) })
    const { dataOffset } = readGifHeader(whole).frame
    // 9-bit codes 1, 258, 259, 257 (end); 1 + 2 + 3 pixels of 6.
    const codes = Uint8Array.of(5, 0x01, 0x04, 0x0e, 0x0c, 0x10, 0)
    const file = Buffer.concat([whole.subarray(0, dataOffset), codes, Uint8Array.of(0x3b)])
    file.writeUInt16LE(6, 6)
    file.writeUInt16LE(6, dataOffset - 6)
    await expectSharpsPixels(file)
  })
})

test('the sink gets whole rows, at most 64 KiB at a time unless a row is longer', () => {
  for (const [width, height] of [
    [9, 3000],
    [300, 200],
    [20_000, 3],
  ] as const) {
    const file = still({ width, height, pixels: stripes(width, height, 4) })
    const rows: number[] = []
    decodeGif(file, readGifHeader(file), (strip) => rows.push(strip.length / (width * 4)))
    expect(rows.every(Number.isInteger)).toBe(true)
    expect(Math.max(...rows) * width * 4).toBeLessThanOrEqual(Math.max(65536, width * 4))
    expect(rows.reduce((sum, count) => sum + count)).toBe(height)
  }
})

const anyFrame: fc.Arbitrary<GifFrameRecipe> = fc
  .record({
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 40 }),
    bits: fc.integer({ min: 1, max: 8 }),
  })
  .chain(({ width, height, bits }) =>
    fc.record(
      {
        width: fc.constant(width),
        height: fc.constant(height),
        pixels: fc.uint8Array({ minLength: width * height, maxLength: width * height, max: 2 ** bits - 1 }),
        left: fc.integer({ min: 0, max: 50 }),
        top: fc.integer({ min: 0, max: 50 }),
        palette: fc.constantFrom(palette(2 ** bits, bits), palette(256, bits)),
        interlaced: fc.boolean(),
        transparentIndex: fc.integer({ min: 0, max: 255 }),
        minCodeSize: fc.integer({ min: Math.max(2, bits), max: 8 }),
        deferredClear: fc.boolean(),
        subBlockBytes: fc.integer({ min: 1, max: 255 }),
      },
      { requiredKeys: ['width', 'height', 'pixels', 'minCodeSize'] },
    ),
  )

/** What the recipe says the picture is, pixel by pixel. */
function painted({ width, height, palette: global }: GifRecipe, frame: GifFrameRecipe): Buffer {
  const colours = frame.palette ?? global ?? new Uint8Array()
  const picture = Buffer.alloc(width * height * 4)
  frame.pixels.forEach((index, i) => {
    if (index === frame.transparentIndex || 3 * index >= colours.length) return
    const x = (frame.left ?? 0) + (i % frame.width)
    const y = (frame.top ?? 0) + Math.floor(i / frame.width)
    picture.set([...colours.subarray(3 * index, 3 * index + 3), 255], (y * width + x) * 4)
  })
  return picture
}

test('any first frame comes out as it was written', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 3 }), (frames) => {
      const recipe: GifRecipe = { width: 90, height: 90, palette: palette(256, 9), frames }
      const [first] = frames
      expect(first && decodeWholeGif(writeGif(recipe)).data.equals(painted(recipe, first))).toBe(true)
    }),
    { seed: 5, numRuns: 300 },
  )
})
