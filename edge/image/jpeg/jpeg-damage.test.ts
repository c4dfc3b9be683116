import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../../shared/errors.ts'
import {
  decodedJpeg,
  difference,
  jpegReference,
  libjpegModule,
  SCALES,
} from '../../../test/support/decoded-jpeg.ts'
import { JPEG_KINDS, SAMPLINGS } from '../../../test/support/jpeg-kinds.ts'
import { type JpegRecipe, writeJpeg } from '../../../test/support/jpeg-writer.ts'
import { randomNumbers } from '../../../test/support/random-numbers.ts'
import { scene } from '../../../test/support/scene.ts'
import { readJpegHeader } from './jpeg-header.ts'
import type { JpegScale } from './jpeg-scale.ts'
import { Libjpeg } from './libjpeg.ts'

describe('a damaged JPEG', () => {
  const sampling = SAMPLINGS['4:2:0'] as JpegRecipe['sampling']
  const plain = writeJpeg({ width: 300, height: 200, sampling, seed: 3 })
  const restarting = writeJpeg({ width: 300, height: 200, sampling, seed: 3, restartInterval: 5 })
  const detailOf = (jpeg: Uint8Array, scale: JpegScale = 8) => {
    try {
      decodedJpeg(jpeg, scale)
    } catch (error) {
      if (error instanceof ProblemError) return error.detail
      throw error
    }
    return 'none'
  }

  test('without one of its first scans is refused', async () => {
    const jpeg = await scene(120, 90).jpeg({ progressive: true }).toBuffer()
    const starts = [...jpeg.keys()].filter((at) => jpeg[at] === 0xff && jpeg[at + 1] === 0xda)
    expect(starts.length).toBeGreaterThan(5)
    for (const missing of [0, 1, 2, 3]) {
      const before = jpeg.subarray(0, starts[missing])
      const without = Buffer.concat([before, jpeg.subarray(starts[missing + 1])])
      expect(detailOf(without), `without scan ${missing}`).toBe('The JPEG is damaged.')
    }
  })

  test('that ends early is refused as incomplete, in every scale', () => {
    for (const scale of SCALES) {
      for (const end of [plain.length * 0.3, plain.length - 10, plain.length - 2, plain.length - 1]) {
        expect(detailOf(plain.subarray(0, end), scale)).toBe('The JPEG is incomplete: its end is missing.')
      }
    }
  })

  test('that ends early comes out as libvips makes it, where that is accepted: with the rest in grey', async () => {
    const cut = plain.subarray(0, plain.length * 0.6)
    const ours = decodedJpeg(cut, 8, 'accept')
    // The two may disagree on the block that the file ends in.
    expect(difference(ours, await jpegReference(cut)).mean).toBeLessThan(0.3)
    expect(ours.subarray(-300 * 4).every((value, i) => i % 4 === 3 || value === 128)).toBe(true)
    for (const scale of SCALES) decodedJpeg(cut, scale, 'accept')
  })

  test('that is progressive and ends early comes out as libvips makes it, where that is accepted', async () => {
    const jpeg = await scene(300, 200).jpeg({ progressive: true, quality: 95 }).toBuffer()
    for (const part of [0.3, 0.5, 0.8, 0.95]) {
      const cut = jpeg.subarray(0, jpeg.length * part)
      expect(detailOf(cut)).toBe('The JPEG is incomplete: its end is missing.')
      expect(
        difference(decodedJpeg(cut, 8, 'accept'), await jpegReference(cut)).mean,
        `${part}`,
      ).toBeLessThan(0.3)
    }
  })

  test.each([
    [
      'whose data stop before the picture is full',
      Buffer.concat([plain.subarray(0, 2000), plain.subarray(-2)]),
    ],
    [
      'with a code that is not in its table',
      Buffer.from(plain).fill(0xff, 3000, 3001).fill(0xfe, 3001, 3040),
    ],
    [
      'with a restart marker too many',
      Buffer.concat([restarting.subarray(0, 3000), restarting.subarray(2500)]),
    ],
  ])('%s is refused as damaged, and accepted where pictures cut short are', (_, jpeg) => {
    expect(detailOf(jpeg)).toBe('The JPEG is damaged.')
    decodedJpeg(jpeg, 8, 'accept')
  })

  test('with stray bytes between segments is whole', () => {
    const table = plain.indexOf(Buffer.of(0xff, 0xc4))
    const stray = Buffer.concat([plain.subarray(0, table), Buffer.of(1, 2, 3), plain.subarray(table)])
    expect(decodedJpeg(stray)).toEqual(decodedJpeg(plain))
  })

  test('of whatever kind is refused or comes out in full size, and the next one is right', async () => {
    const pick = randomNumbers(99)
    const good = [
      plain,
      restarting,
      await scene(90, 60).jpeg({ progressive: true }).toBuffer(),
      await scene(90, 60).toColourspace('b-w').jpeg({ progressive: true, quality: 99 }).toBuffer(),
      ...Object.values(JPEG_KINDS).map((kind) => writeJpeg({ ...kind, width: 90, height: 60, seed: 1 })),
    ]
    const expected = good.map((jpeg) => decodedJpeg(jpeg))
    for (let round = 0; round < 3000; round++) {
      const jpeg = Buffer.from(good[round % good.length] as Buffer)
      for (let change = pick(4); change >= 0; change--) jpeg[20 + pick(jpeg.length - 20)] = pick(256)
      expectHandled(jpeg, SCALES[pick(4)] ?? 8, pick(2) ? 'refuse' : 'accept')
      if (round % 50 === 0) expect(decodedJpeg(plain)).toEqual(expected[0])
    }
    expect(good.map((jpeg) => decodedJpeg(jpeg))).toEqual(expected)
  })

  /** Anything but a ProblemError would cost the instance. */
  function expectHandled(jpeg: Buffer, scale: JpegScale, truncated: 'refuse' | 'accept'): void {
    try {
      const header = readJpegHeader(jpeg)
      if (header.width * header.height < 1_000_000) decodedJpeg(jpeg, scale, truncated)
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
    }
  }

  test('leaves nothing behind: ten thousand of them take no more memory than the first', () => {
    const small = writeJpeg({ width: 60, height: 40, sampling, seed: 8 })
    const table = small.indexOf(Buffer.of(0xff, 0xc4))
    const badTable = Buffer.from(small).fill(0xff, table + 5, table + 21)
    const fresh = new Libjpeg(libjpegModule)
    const refuse = (jpeg: Uint8Array) =>
      expect(() => fresh.decode(jpeg, readJpegHeader(small), 8, 'refuse', () => {})).toThrow(ProblemError)
    refuse(badTable)
    const before = fresh.memoryBytes
    for (let round = 0; round < 5000; round++) {
      refuse(badTable)
      refuse(small.subarray(0, small.length / 2))
    }
    expect(fresh.memoryBytes).toBe(before)
  })
})
