import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { type GifFrameRecipe, type GifRecipe, writeGif } from '../../../test/support/gif-writer.ts'
import { readGifHeader } from './gif-header.ts'

const PALETTE = Uint8Array.of(10, 20, 30, 200, 0, 0, 0, 200, 0, 0, 0, 200)
const FRAME: GifFrameRecipe = {
  width: 4,
  height: 3,
  pixels: Uint8Array.from({ length: 12 }, (_, i) => i % 4),
}
const gif = (recipe: Partial<GifRecipe>) =>
  writeGif({ width: 4, height: 3, palette: PALETTE, frames: [FRAME], ...recipe })
const undecodable = (detail: string) =>
  expect.objectContaining({ code: 'undecodable-image', detail: expect.stringContaining(detail) })
const PALETTE_AT = 13
const FRAME_AT = PALETTE_AT + PALETTE.length

describe('readGifHeader', () => {
  test('reads the first frame and what it is painted with', () => {
    const frame = { ...FRAME, left: 2, top: 1, interlaced: true, transparentIndex: 3 }
    expect(readGifHeader(gif({ width: 300, height: 200, frames: [frame] }))).toEqual({
      type: 'gif',
      width: 300,
      height: 200,
      orientation: 1,
      frames: 1,
      frame: {
        left: 2,
        top: 1,
        width: 4,
        height: 3,
        interlaced: true,
        paletteOffset: PALETTE_AT,
        paletteEntries: 4,
        transparentIndex: 3,
        minCodeSize: 2,
        dataOffset: FRAME_AT + 8 + 10 + 1,
      },
    })
  })

  test("the frame's own palette comes before the file's, and neither has to be there", () => {
    const own = gif({ frames: [{ ...FRAME, palette: PALETTE.subarray(0, 6) }] })
    expect(readGifHeader(own).frame).toMatchObject({ paletteOffset: FRAME_AT + 10, paletteEntries: 2 })
    const { palette: _, ...none } = { width: 4, height: 3, palette: PALETTE, frames: [FRAME] }
    expect(readGifHeader(writeGif(none)).frame).toMatchObject({ paletteEntries: 0 })
  })

  test.each([
    ['is the screen, where the frame lies within', [10, 9], {}, [10, 9]],
    ['is the screen up to 2,048', [2048, 4], {}, [2048, 4]],
    ['grows by a frame that reaches beyond', [4, 3], { left: 3, top: 5 }, [7, 8]],
    ['is only the frame where the screen has no pixels', [0, 50], { left: 1 }, [5, 3]],
    ['is only the frame where the screen has the size of a monitor', [640, 480], { top: 2 }, [4, 5]],
    ['is only the frame where the screen has the size of a monitor', [640, 512], {}, [4, 3]],
    ['is only the frame where the screen has the size of a monitor', [800, 600], {}, [4, 3]],
    ['is only the frame where the screen has the size of a monitor', [1024, 768], {}, [4, 3]],
    ['is only the frame where the screen has the size of a monitor', [1280, 1024], {}, [4, 3]],
    ['is only the frame where the screen has the size of a monitor', [1600, 1200], {}, [4, 3]],
    ['is only the frame where the screen is larger than 2,048', [2048, 2049], {}, [4, 3]],
    ['is only the frame where the screen claims 65,535 x 65,535', [65535, 65535], {}, [4, 3]],
  ] as const)('the picture %s, as in libvips', async (_, [width, height], place, sides) => {
    const file = gif({ width, height, frames: [{ ...FRAME, ...place }] })
    const header = readGifHeader(file)
    expect([header.width, header.height]).toEqual(sides)
    expect(await sharp(file).metadata()).toMatchObject({ width: header.width, height: header.height })
  })

  test('counts frames, up to one past the bound', () => {
    const file = gif({ frames: Array.from({ length: 10_000 }, () => FRAME) })
    expect(readGifHeader(file).frames).toBe(10_000)
    expect(readGifHeader(file, 10_000).frames).toBe(10_000)
    expect(readGifHeader(file, 9_999).frames).toBe(10_000)
    expect(readGifHeader(file, 12).frames).toBe(13)
  })

  test('passes extensions of any kind, before the first frame and between frames', () => {
    const [head, frames] = [gif({}).subarray(0, FRAME_AT), gif({}).subarray(FRAME_AT, -1)]
    const extensions = Buffer.from('!\xfe\x05hello\0', 'latin1')
    const empty = Uint8Array.of(0x21, 0xff, 0)
    const file = Buffer.concat([head, extensions, empty, frames, empty, extensions, frames])
    expect(readGifHeader(file)).toMatchObject({ frames: 2, frame: { transparentIndex: undefined } })
  })

  test('what follows the first frame may be cut off or damaged', () => {
    const [one, two] = [gif({}), gif({ frames: [FRAME, FRAME] })]
    for (let length = one.length - 1; length < two.length; length++) {
      expect(readGifHeader(two.subarray(0, length)).frame).toEqual(readGifHeader(one).frame)
    }
    const junk = Buffer.concat([one.subarray(0, -1), Buffer.from('no block')])
    expect(readGifHeader(junk).frames).toBe(1)
  })

  test('refuses a file cut off anywhere up to the end of its first frame', () => {
    const file = gif({ frames: [{ ...FRAME, palette: PALETTE, transparentIndex: 1 }] })
    for (let length = 6; length < file.length - 1; length++) {
      expect(() => readGifHeader(file.subarray(0, length))).toThrow(undecodable('GIF'))
    }
  })

  test('refuses sub-blocks that go on to the end of the file', () => {
    const endless = new Uint8Array(1_000_000).fill(1)
    const head = gif({}).subarray(0, FRAME_AT)
    const extension = Buffer.concat([head, Uint8Array.of(0x21, 0xfe), endless])
    expect(() => readGifHeader(extension)).toThrow(undecodable('incomplete'))
    const data = Buffer.concat([gif({}).subarray(0, FRAME_AT + 11), endless])
    expect(() => readGifHeader(data)).toThrow(undecodable('incomplete'))
  })

  test('refuses a file without a frame, and one with something else in its place', () => {
    expect(() => readGifHeader(gif({ frames: [] }))).toThrow(undecodable('no frame'))
    expect(() => readGifHeader(gif({}).fill(0, FRAME_AT, FRAME_AT + 1))).toThrow(undecodable('damaged'))
  })

  test('refuses a first frame without pixels', () => {
    for (const sides of [{ width: 0 }, { height: 0 }]) {
      expect(() => readGifHeader(gif({ frames: [{ ...FRAME, ...sides }] }))).toThrow(undecodable('no pixels'))
    }
  })

  test('takes code sizes of 2 to 8 bits', () => {
    for (let size = 0; size <= 255; size++) {
      const file = gif({})
      file[FRAME_AT + 10] = size
      if (size >= 2 && size <= 8) expect(readGifHeader(file).frame.minCodeSize).toBe(size)
      else expect(() => readGifHeader(file)).toThrow(undecodable('code size'))
    }
  })
})
