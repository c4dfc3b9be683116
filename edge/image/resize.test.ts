import { describe, expect, test } from 'vitest'
import type { Resize } from '../../shared/model-manifest.ts'
import type { RgbxImage } from '../../shared/pixels.ts'
import { planResize } from '../../shared/resize-plan.ts'
import { resizeImage } from './resize.ts'

const KERNELS = ['triangle', 'cubic', 'lanczos3'] as const

function image(width: number, height: number, rgb: (x: number, y: number) => readonly number[]): RgbxImage {
  const data = new Uint8Array(width * height * 4).fill(77)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(rgb(x, y).slice(0, 3), (y * width + x) * 4)
  }
  return { data, width, height, spanX: width, spanY: height }
}

function resized(source: RgbxImage, resize: Resize): Uint8Array {
  const { width, height } = source
  return resizeImage(source, planResize(resize, { width, height, orientation: 1 }), resize.kernel)
}

const noise = (x: number, y: number) => [(x * 193 + y * 71) % 256, (x * 57 + y * 211) % 256, (x * y) % 256]

describe('resizeImage', () => {
  test.each(KERNELS)('keeps a plain colour exactly, at any scale (%s)', (kernel) => {
    for (const [width, height] of [
      [1, 1],
      [3, 50],
      [64, 48],
      [301, 97],
      [900, 500],
    ] as const) {
      const output = resized(
        image(width, height, () => [12, 128, 255]),
        { mode: 'cover', size: 40, crop: 32, kernel },
      )
      expect(output).toHaveLength(32 * 32 * 3)
      expect(output.every((value, i) => value === [12, 128, 255][i % 3])).toBe(true)
    }
  })

  test.each(KERNELS)('keeps every pixel where nothing is scaled (%s)', (kernel) => {
    const source = image(32, 32, noise)
    const output = resized(source, { mode: 'stretch', size: 32, crop: 32, kernel })
    expect(Array.from(output)).toEqual(Array.from(source.data).filter((_, i) => i % 4 !== 3))
  })

  test.each(KERNELS)('is symmetric: a mirrored picture gives the mirrored result (%s)', (kernel) => {
    for (const [width, height] of [
      [23, 17],
      [96, 64],
      [384, 288],
    ] as const) {
      const resize: Resize = { mode: 'stretch', size: 24, crop: 24, kernel }
      const there = resized(image(width, height, noise), resize)
      const back = resized(
        image(width, height, (x, y) => noise(width - 1 - x, height - 1 - y)),
        resize,
      )
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
      expect(Math.abs((output[x * 3] ?? 0) - expected)).toBeLessThan(1.6)
    }
  })

  test('contain leaves black bars', () => {
    const output = resized(
      image(60, 30, () => [255, 255, 255]),
      {
        mode: 'contain',
        size: 20,
        crop: 20,
        kernel: 'lanczos3',
      },
    )
    const rows = Array.from({ length: 20 }, (_, y) => output[(y * 20 + 10) * 3])
    expect(rows).toEqual([...Array(5).fill(0), ...Array(10).fill(255), ...Array(5).fill(0)])
  })

  test('handles a picture one pixel wide and far too high', () => {
    const source = image(1, 3000, (_, y) => [y / 12, 0, 0])
    for (const mode of ['cover', 'contain', 'stretch'] as const) {
      expect(resized(source, { mode, size: 16, crop: 16, kernel: 'cubic' })).toHaveLength(16 * 16 * 3)
    }
  })
})
