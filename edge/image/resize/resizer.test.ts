import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { axisWeights } from '../../../shared/axis-weights.ts'
import type { Resize } from '../../../shared/model-manifest.ts'
import type { Picture, RowSink } from '../../../shared/pixels.ts'
import { placeUpright } from '../../../shared/place-upright.ts'
import { RESAMPLING_KERNELS } from '../../../shared/resampling-kernel.ts'
import { type AxisPlan, planResize } from '../../../shared/resize-plan.ts'
import { planBoxes } from './box-plan.ts'
import { Resizer } from './resizer.ts'

const KERNELS = ['triangle', 'cubic', 'lanczos3'] as const
const module = new WebAssembly.Module(readFileSync(new URL('resizer.wasm', import.meta.url)))
const resizer = new Resizer(module)

interface TestPicture extends Picture {
  readonly data: Uint8Array
}

function image(width: number, height: number, rgb: (x: number, y: number) => readonly number[]): TestPicture {
  const data = new Uint8Array(width * height * 4).fill(77)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(rgb(x, y).slice(0, 3), (y * width + x) * 4)
  }
  return { data, width, height, spanX: width, spanY: height, hasAlpha: false }
}

/** Hands the picture over in pieces of `rows` rows. */
function inPieces({ data, width }: TestPicture, rows: number): (sink: RowSink) => void {
  return (sink) => {
    for (let at = 0; at < data.length; at += rows * width * 4) sink(data.subarray(at, at + rows * width * 4))
  }
}

function resized(source: TestPicture, resize: Resize, rows = source.height): Uint8Array {
  const { width, height } = source
  const plan = planResize(resize, { width, height, orientation: 1 })
  return placeUpright(resizer.resample(source, plan, resize.kernel, inPieces(source, rows)), plan)
}

const noise = (x: number, y: number) => [(x * 193 + y * 71) % 256, (x * 57 + y * 211) % 256, (x * y) % 256]

/** The same in floating point, sample by sample. Returns what an output pixel's channel should be before rounding. */
function exactly({ data, width, height, hasAlpha, spanX, spanY }: TestPicture, resize: Resize) {
  const plan = planResize(resize, { width, height, orientation: 1 })
  const colour = (x: number, y: number, channel: number) => {
    const at = (y * width + x) * 4
    const value = data[at + channel] as number
    return hasAlpha ? Math.floor((value * (data[at + 3] as number)) / 255) : value
  }
  const axis = (span: number, length: number, wanted: AxisPlan) => {
    const { factor, blocks, span: blockSpan } = planBoxes(span, wanted)
    const weights = axisWeights(RESAMPLING_KERNELS[resize.kernel], blocks, blockSpan, wanted)
    return (i: number) => {
      const samples: { at: number; weight: number }[] = []
      for (let t = 0; t < weights.taps; t++) {
        const start = ((weights.first[i] as number) + t) * factor
        const stop = Math.min(start + factor, length)
        const weight = (weights.weights[i * weights.taps + t] as number) / (stop - start)
        for (let at = start; at < stop; at++) samples.push({ at, weight })
      }
      return samples
    }
  }
  const [columns, rows] = [axis(spanX, width, plan.columns), axis(spanY, height, plan.rows)]
  return (x: number, y: number, channel: number) => {
    let sum = 0
    for (const row of rows(y)) {
      for (const column of columns(x)) sum += row.weight * column.weight * colour(column.at, row.at, channel)
    }
    return Math.min(255, Math.max(0, sum))
  }
}

describe('the resizer', () => {
  test('is within rounding of floating point, whatever the picture, the model and the pieces', () => {
    const pictures = fc.record({
      width: fc.integer({ min: 1, max: 130 }),
      height: fc.integer({ min: 1, max: 130 }),
      cut: fc.double({ min: 0, max: 0.99, noNaN: true }),
      hasAlpha: fc.boolean(),
      seed: fc.integer({ min: 1, max: 1000 }),
    })
    const models = fc.record({
      mode: fc.constantFrom('cover' as const, 'stretch' as const),
      size: fc.integer({ min: 1, max: 24 }),
      kernel: fc.constantFrom(...KERNELS),
    })
    fc.assert(
      fc.property(
        pictures,
        models,
        fc.integer({ min: 1, max: 40 }),
        (given, { mode, size, kernel }, piece) => {
          const { width, height, cut, hasAlpha, seed } = given
          const plain = image(width, height, (x, y) => noise(x + seed, y * 3 + seed))
          plain.data.forEach((_, i) => {
            if (i % 4 === 3) plain.data[i] = (i * seed) % 256
          })
          const source = { ...plain, hasAlpha, spanX: width - cut, spanY: height - cut }
          const resize = { mode, size, crop: Math.max(1, mode === 'cover' ? size - 3 : size), kernel }
          const output = resized(source, resize, piece)
          const exact = exactly(source, resize)
          for (let i = 0; i < output.length; i += 7) {
            const pixel = Math.floor(i / 3)
            const expected = exact(pixel % resize.crop, Math.floor(pixel / resize.crop), i % 3)
            expect(Math.abs((output[i] as number) - expected)).toBeLessThan(0.75)
          }
        },
      ),
      { numRuns: 150, seed: 11 },
    )
  })

  test.each(KERNELS)('makes nothing lighter or darker on the whole (%s)', (kernel) => {
    for (const side of [20, 70, 150, 300]) {
      const source = image(side, side + 3, noise)
      const resize: Resize = { mode: 'stretch', size: 32, crop: 32, kernel }
      const [output, exact] = [resized(source, resize), exactly(source, resize)]
      let sum = 0
      output.forEach((value, i) => {
        const pixel = Math.floor(i / 3)
        sum += value - exact(pixel % 32, Math.floor(pixel / 32), i % 3)
      })
      expect(Math.abs(sum / output.length)).toBeLessThan(0.03)
    }
  })

  test.each(KERNELS)('keeps a plain colour exactly, at any scale (%s)', (kernel) => {
    for (const [width, height] of [
      [1, 1],
      [3, 50],
      [64, 48],
      [301, 97],
      [900, 500],
    ] as const) {
      const source = image(width, height, () => [12, 128, 255])
      const output = resized(source, { mode: 'cover', size: 40, crop: 32, kernel })
      expect(output).toHaveLength(32 * 32 * 3)
      expect(output.every((value, i) => value === [12, 128, 255][i % 3])).toBe(true)
    }
  })

  test.each(KERNELS)('keeps every pixel where nothing is scaled (%s)', (kernel) => {
    const source = image(32, 32, noise)
    const output = resized(source, { mode: 'stretch', size: 32, crop: 32, kernel })
    expect(Array.from(output)).toEqual(Array.from(source.data).filter((_, i) => i % 4 !== 3))
  })

  test('lays what is transparent on black, before its colour can bleed into others', () => {
    const source = { ...image(8, 8, () => [200, 100, 50]), hasAlpha: true }
    for (let i = 0; i < 64; i++) source.data[i * 4 + 3] = [255, 0, 51, 128][i % 4] as number
    const output = resized(source, { mode: 'stretch', size: 8, crop: 8, kernel: 'triangle' })
    expect(Array.from(output.subarray(0, 12))).toEqual([200, 100, 50, 0, 0, 0, 40, 20, 10, 100, 50, 25])
  })

  test.each(KERNELS)('is symmetric: a mirrored picture gives the mirrored result (%s)', (kernel) => {
    for (const [width, height] of [
      [23, 17],
      [96, 64],
      [384, 288],
    ] as const) {
      const resize: Resize = { mode: 'stretch', size: 24, crop: 24, kernel }
      const there = resized(image(width, height, noise), resize)
      const mirrored = image(width, height, (x, y) => noise(width - 1 - x, height - 1 - y))
      const back = resized(mirrored, resize)
      for (let i = 0; i < 24 * 24; i++) {
        expect(Math.abs((there[i * 3] ?? 0) - (back[(24 * 24 - 1 - i) * 3] ?? 0))).toBeLessThanOrEqual(1)
      }
    }
  })

  test.each([120, 1000])('a ramp of %i pixels stays a ramp, unshifted', (width) => {
    const source = image(width, 40, (x) => [(x * 255) / (width - 1), 0, 0])
    const output = resized(source, { mode: 'stretch', size: 40, crop: 40, kernel: 'triangle' })
    for (let x = 4; x < 36; x++) {
      const expected = (((x + 0.5) * width) / 40 - 0.5) * (255 / (width - 1))
      expect(Math.abs((output[x * 3] ?? 0) - expected)).toBeLessThan(1.1)
    }
  })

  test('contain leaves black bars', () => {
    const source = image(60, 30, () => [255, 255, 255])
    const output = resized(source, { mode: 'contain', size: 20, crop: 20, kernel: 'lanczos3' })
    const rows = Array.from({ length: 20 }, (_, y) => output[(y * 20 + 10) * 3])
    expect(rows).toEqual([...Array(5).fill(0), ...Array(10).fill(255), ...Array(5).fill(0)])
  })

  test('takes pictures one pixel wide and far too high, and the other way round', () => {
    for (const mode of ['cover', 'contain', 'stretch'] as const) {
      const resize = { mode, size: 16, crop: 16, kernel: 'cubic' } as const
      expect(
        resized(
          image(1, 70_000, (_, y) => [y / 300, 0, 0]),
          resize,
          1000,
        ),
      ).toHaveLength(16 * 16 * 3)
      expect(
        resized(
          image(70_000, 1, (x) => [x / 300, 0, 0]),
          resize,
        ),
      ).toHaveLength(16 * 16 * 3)
    }
  })

  test.each([-1, 1])('refuses a picture with %i row too many, and serves the next', (surplus) => {
    const source = image(20, 20, noise)
    const resize: Resize = { mode: 'stretch', size: 8, crop: 8, kernel: 'triangle' }
    const before = resized(source, resize)
    const wrong = { ...source, data: image(20, 20 + surplus, noise).data }
    expect(() => resized(wrong, resize, 4)).toThrow('undecodable-image')
    expect(resized(source, resize)).toEqual(before)
  })

  test('takes no more memory for a higher picture', () => {
    const own = new Resizer(module)
    const resize: Resize = { mode: 'cover', size: 16, crop: 16, kernel: 'lanczos3' }
    const memoryFor = (height: number) => {
      const source = image(100, height, noise)
      const plan = planResize(resize, { ...source, orientation: 1 })
      own.resample(source, plan, resize.kernel, inPieces(source, 5))
      return own.memoryBytes
    }
    expect(memoryFor(20_000)).toBe(memoryFor(100))
  })
})
