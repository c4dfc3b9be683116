import { expect, test } from 'vitest'
import { cmykToRgbx } from './cmyk-to-rgb.ts'

test('CMYK counts ink, or, as Adobe stores it, what is left without', () => {
  const paperInkBlack = [0, 0, 0, 0, 255, 0, 51, 0, 0, 0, 0, 255]
  const plain = Uint8Array.from(paperInkBlack)
  cmykToRgbx(plain, false)
  const inverted = Uint8Array.from(paperInkBlack, (value) => 255 - value)
  cmykToRgbx(inverted, true)
  const rgb = (pixels: Uint8Array) => Array.from(pixels).filter((_, i) => i % 4 !== 3)
  expect(rgb(plain)).toEqual([255, 255, 255, 0, 255, 204, 0, 0, 0])
  expect(rgb(inverted)).toEqual(rgb(plain))
})
