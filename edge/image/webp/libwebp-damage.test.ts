import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../../shared/errors.ts'
import { decodedWebp } from '../../../test/support/decoded-webp.ts'
import { randomNumbers } from '../../../test/support/random-numbers.ts'
import { writeAnimation } from '../../../test/support/webp-writer.ts'
import { LibWebp } from './libwebp.ts'
import { readWebpHeader } from './webp-header.ts'

const decoder = new LibWebp(
  new WebAssembly.Module(readFileSync(new URL('libwebp/libwebp.wasm', import.meta.url))),
)

const random = randomNumbers(11)
const pixels = Uint8Array.from({ length: 120 * 90 * 4 }, (_, i) => (i % 480) / 2 + random(60))
const picture = () => sharp(pixels, { raw: { width: 120, height: 90, channels: 4 } })
const opaque = () => picture().removeAlpha()
const still = await picture().webp().toBuffer()
const frame = { left: 2, top: 4, width: 120, height: 90, still }
const GOOD = [
  { name: 'lossy WebP', file: await opaque().webp().toBuffer() },
  { name: 'lossy WebP with alpha', file: still },
  { name: 'lossless WebP', file: await opaque().webp({ lossless: true }).toBuffer() },
  { name: 'lossless WebP with alpha', file: await picture().webp({ lossless: true }).toBuffer() },
  { name: 'animated WebP', file: writeAnimation({ width: 125, height: 96 }, [frame, frame]) },
]

/** Decodes, or fails as it may. Pictures whose header has become huge are not for the decoder. */
function outcome(file: Uint8Array): 'decoded' | 'refused' {
  try {
    const { width, height } = readWebpHeader(file)
    if (width * height > 2_000_000) return 'refused'
    decodedWebp(decoder, file)
    return 'decoded'
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    expect(error.code).toMatch(/^(undecodable-image|image-too-large)$/)
    return 'refused'
  }
}

describe.each(GOOD)('a damaged $name', ({ file }) => {
  test('cut off anywhere is refused', () => {
    for (let part = 1; part <= 60; part++) {
      expect(outcome(file.subarray(0, Math.floor((file.length * part) / 61)))).toBe('refused')
    }
    for (let missing = 1; missing <= 24; missing++) {
      expect(outcome(file.subarray(0, file.length - missing))).toBe('refused')
    }
  })

  test('cut off although its container is whole is refused', () => {
    const header = readWebpHeader(file)
    for (let part = 1; part <= 60; part++) {
      const end = header.image.start + Math.floor(((header.image.end - header.image.start) * part) / 61)
      const cut = { ...header, image: { start: header.image.start, end } }
      const refused = expect.objectContaining({ code: 'undecodable-image' })
      expect(() => decoder.decode(file, cut, () => {})).toThrow(refused)
    }
  })

  test('with bytes changed never does more than fail, and the next picture is right', () => {
    const good = decodedWebp(decoder, file)
    const pick = randomNumbers(file.length)
    for (let round = 0; round < 300; round++) {
      const bytes = Uint8Array.from(file)
      for (let change = pick(6); change >= 0; change--) {
        const near = pick(2) === 0
        bytes[near ? 12 + pick(120) : pick(bytes.length)] = pick(256)
      }
      outcome(bytes)
      if (round % 10 === 0) expect(decodedWebp(decoder, file).equals(good)).toBe(true)
    }
    expect(decodedWebp(decoder, file).equals(good)).toBe(true)
  })

  test('of another size than its header says is refused', () => {
    const header = readWebpHeader(file)
    for (const [width, height] of [
      [header.frame.width - 1, header.frame.height],
      [header.frame.width, header.frame.height + 1],
      [1, 1],
      [0, 0],
      [16_000, 16_000],
    ] as const) {
      const frame = { ...header.frame, width, height }
      const lying = { ...header, frame, width: width + frame.left, height: height + frame.top }
      const refused = expect.objectContaining({ code: 'undecodable-image' })
      expect(() => decoder.decode(file, lying, () => {})).toThrow(refused)
    }
  })
})

test('all that damage leaves no memory behind', async () => {
  const file = await picture().webp({ lossless: true }).toBuffer()
  const before = decoder.memoryBytes
  const pick = randomNumbers(5)
  for (let round = 0; round < 300; round++) {
    const bytes = Uint8Array.from(file)
    bytes[30 + pick(bytes.length - 30)] = pick(256)
    outcome(bytes)
  }
  expect(decoder.memoryBytes).toBe(before)
})
