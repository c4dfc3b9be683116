import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { decodedBy, expectAsSharp, newPngDecoder } from '../../../test/support/decoded-png.ts'
import { PALETTE, PNG_KINDS, planOf, sampleOf } from '../../../test/support/png-plans.ts'
import { writePng } from '../../../test/support/png-writer.ts'
import { readPngHeader } from './png-header.ts'

const decoder = newPngDecoder()

describe.each([{ interlaced: false }, { interlaced: true }])('with interlaced = $interlaced', (layout) => {
  test.each(PNG_KINDS)(
    'colour type %i with %i bits is what sharp decodes, at any width',
    async (type, bits) => {
      for (const width of [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 100]) {
        const plan = { ...planOf(type, bits, width, 11), ...layout }
        await expectAsSharp(decoder, writePng({ ...plan, filter: (row) => (row + width) % 5 }))
      }
    },
  )

  test.each([0, 1, 2, 3, 4])('filter %i alone is undone in every kind', async (filter) => {
    for (const [type, bits] of PNG_KINDS) {
      await expectAsSharp(
        decoder,
        writePng({ ...planOf(type, bits, 37, 9), ...layout, filter: () => filter }),
      )
    }
  })

  test('pictures of one row, and of one column, too', async () => {
    for (const [type, bits] of PNG_KINDS) {
      await expectAsSharp(decoder, writePng({ ...planOf(type, bits, 300, 1), ...layout, filter: () => 4 }))
      await expectAsSharp(
        decoder,
        writePng({ ...planOf(type, bits, 1, 300), ...layout, filter: (row) => row % 5 }),
      )
    }
  })

  test('rows wider than what is inflated at a time', async () => {
    for (const [type, bits] of [
      [6, 16],
      [2, 8],
      [0, 1],
    ] as const) {
      const wide = { ...planOf(type, bits, 70_000, 3), ...layout, filter: (row: number) => (row + 3) % 5 }
      await expectAsSharp(decoder, writePng(wide))
    }
  })
})

describe('transparency', () => {
  test('of a palette: the first colours have an alpha, the others none', async () => {
    for (const bits of [1, 2, 4, 8]) {
      const transparency = Array.from({ length: 2 ** bits - 1 }, (_, i) => (i * 50) % 256)
      for (const interlaced of [false, true]) {
        await expectAsSharp(decoder, writePng({ ...planOf(3, bits, 21, 9), transparency, interlaced }))
      }
    }
  })

  test('of one grey or one colour, by all bits of the depth and no others', async () => {
    for (const [type, bits] of [
      [0, 1],
      [0, 2],
      [0, 4],
      [0, 8],
      [0, 16],
      [2, 8],
      [2, 16],
    ] as const) {
      for (const interlaced of [false, true]) {
        const plan = { ...planOf(type, bits, 37, 9), interlaced, filter: (row: number) => row % 5 }
        const values = type === 0 ? [plan.sample(5, 4, 0)] : [0, 1, 2].map((c) => plan.sample(5, 4, c))
        const high = bits === 16 ? 0 : 0x5a00 & ~(2 ** bits - 1)
        const transparency = values.flatMap((value) => [(value | high) >> 8, value & 255])
        const png = writePng({ ...plan, transparency })
        await expectAsSharp(decoder, png)
        expect(decodedBy(decoder, png)[(4 * 37 + 5) * 4 + 3]).toBe(0)
      }
    }
  })

  test('is ignored if it has a wrong length, comes before the palette, or the kind has alpha of its own', async () => {
    await expectAsSharp(decoder, writePng({ ...planOf(0, 8, 9, 9), transparency: [7] }))
    await expectAsSharp(decoder, writePng({ ...planOf(3, 1, 9, 9), transparency: [7, 7, 7] }))
    await expectAsSharp(decoder, writePng({ ...planOf(6, 8, 9, 9), transparency: [0, 1, 0, 1, 0, 1] }))
    await expectAsSharp(decoder, writePng({ ...planOf(4, 8, 9, 9), transparency: [0, 1] }))
  })
})

test('numbers that the palette lacks are black', async () => {
  for (const transparency of [[], [9]]) {
    await expectAsSharp(
      decoder,
      writePng({ ...planOf(3, 8, 40, 9), palette: PALETTE.slice(0, 30), transparency }),
    )
  }
})

test('any picture, however it is filtered, compressed and cut, is what sharp decodes', async () => {
  const plans = fc
    .record({
      kind: fc.constantFrom(...PNG_KINDS),
      width: fc.integer({ min: 1, max: 80 }),
      height: fc.integer({ min: 1, max: 40 }),
      interlaced: fc.boolean(),
      seed: fc.nat(),
      flatness: fc.integer({ min: 1, max: 40 }),
      filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 9 }),
      zlib: fc.record({
        level: fc.integer({ min: 0, max: 9 }),
        strategy: fc.integer({ min: 0, max: 4 }),
        windowBits: fc.integer({ min: 9, max: 15 }),
        memLevel: fc.integer({ min: 1, max: 9 }),
      }),
      idatBytes: fc.integer({ min: 1, max: 5000 }),
    })
    .map(({ kind, filters, seed, flatness, ...rest }) => {
      const noisy = sampleOf(seed, kind[1])
      return writePng({
        ...planOf(kind[0], kind[1], rest.width, rest.height),
        ...rest,
        sample: (x, y, channel) => noisy(Math.floor(x / flatness), y, channel),
        filter: (row) => filters[row % filters.length] ?? 0,
      })
    })
  await fc.assert(
    fc.asyncProperty(plans, (png) => expectAsSharp(decoder, png)),
    { seed: 20, numRuns: 300 },
  )
})

test('photos as sharp writes them', async () => {
  const photo = sharp({
    create: {
      width: 900,
      height: 500,
      channels: 3,
      background: 'teal',
      noise: { type: 'gaussian', mean: 120, sigma: 25 },
    },
  })
  for (const options of [{}, { adaptiveFiltering: true }, { palette: true }, { progressive: true }]) {
    await expectAsSharp(decoder, await photo.clone().png(options).toBuffer())
    await expectAsSharp(decoder, await photo.clone().ensureAlpha(0.4).png(options).toBuffer())
    await expectAsSharp(decoder, await photo.clone().toColourspace('b-w').png(options).toBuffer())
  }
})

test('rows come by whole strips, from top to bottom, and none of them is large', () => {
  const png = writePng(planOf(2, 8, 500, 400))
  const sizes: number[] = []
  decoder.decode(png, readPngHeader(png), (rows) => sizes.push(rows.length / (500 * 4)))
  expect(sizes.length).toBeGreaterThan(4)
  expect(sizes.every((rows) => Number.isInteger(rows) && rows > 0)).toBe(true)
  expect(sizes.reduce((sum, rows) => sum + rows)).toBe(400)
})
