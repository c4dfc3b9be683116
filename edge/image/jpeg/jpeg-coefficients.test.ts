import { describe, expect, test } from 'vitest'
import { DEFAULT_IMAGE_LIMITS } from '../image-limits.ts'
import { assertScansFit, coefficientBytes } from './jpeg-coefficients.ts'
import type { JpegHeader } from './jpeg-header.ts'

const full = { horizontal: 1, vertical: 1 }
const double = { horizontal: 2, vertical: 2 }
const header: JpegHeader = {
  type: 'jpeg',
  width: 4000,
  height: 3000,
  orientation: 1,
  components: [double, full, full],
  buffered: true,
  scanOffset: 2,
}
/** So many scan headers of 2 bytes and a coded byte each; the first begins at its length field, as the header says. */
const scans = (count: number, after: number[] = []) =>
  Uint8Array.from([...Array.from({ length: count }, () => [0xff, 0xda, 0, 2, 1]).flat(), ...after])

describe('coefficientBytes', () => {
  test('is 2 bytes a coefficient: 3 a pixel at 4:2:0, 6 at 4:4:4', () => {
    expect(coefficientBytes({ ...header, height: 3008 })).toBe(4000 * 3008 * 3)
    expect(coefficientBytes({ ...header, components: [full, full, full] })).toBe(4000 * 3000 * 6)
  })

  test('counts whole MCUs', () => {
    expect(coefficientBytes({ ...header, width: 17, height: 1 })).toBe(2 * 6 * 128)
  })
})

describe('assertScansFit', () => {
  const check = (changes: Partial<JpegHeader>, bytes = scans(10)) =>
    assertScansFit(bytes, { ...header, ...changes }, DEFAULT_IMAGE_LIMITS)

  test('does not count the scans of a photo that is decoded row by row', () => {
    expect(() => check({ buffered: false }, scans(100))).not.toThrow()
  })

  test('refuses more scans than any encoder writes', () => {
    const small = { width: 1200, height: 900 }
    expect(() => check(small, scans(64))).not.toThrow()
    expect(() => check(small, scans(65))).toThrow(expect.objectContaining({ code: 'undecodable-image' }))
  })

  test('does not count what stands after the picture or in other segments', () => {
    const noScans = [0xff, 0xe1, 0, 6, 0xff, 0xda, 0xff, 0xda, 0xff, 0xd9]
    const trailer = Array.from({ length: 100 }, () => [0xff, 0xda]).flat()
    expect(() => check({}, scans(16, [...noScans, ...trailer]))).not.toThrow()
    expect(() => check({}, scans(17, noScans))).toThrow()
  })

  test('leaves a large photo fewer scans, as each walks all of it', () => {
    expect(() => check({}, scans(16))).not.toThrow()
    expect(() => check({}, scans(17))).toThrow(expect.objectContaining({ code: 'undecodable-image' }))
  })
})
