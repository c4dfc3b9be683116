import sharp from 'sharp'
import { describe, expect, test, vi } from 'vitest'
import { ProblemError } from '../../shared/errors.ts'
import type { Resize } from '../../shared/model-manifest.ts'
import { codecs } from '../../test/support/node-codecs.ts'
import { photoToTensor } from './photo-to-tensor.ts'

const RESIZE: Resize = { mode: 'cover', size: 40, crop: 32, kernel: 'triangle' }
const CODES = ['undecodable-image', 'unsupported-image', 'image-too-large', 'empty-image']

/** A linear congruential generator (Numerical Recipes): the same numbers on every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const random = randomNumbers(7)
const pixels = Uint8Array.from({ length: 120 * 90 * 3 }, (_, i) => (i % 360) / 2 + random(60))
const picture = () => sharp(pixels, { raw: { width: 120, height: 90, channels: 3 } })
const GOOD = {
  'baseline JPEG': await picture().jpeg({ quality: 90 }).withMetadata({ orientation: 6 }).toBuffer(),
  'progressive JPEG': await picture().jpeg({ progressive: true }).toBuffer(),
  'CMYK JPEG': await picture().toColourspace('cmyk').jpeg().toBuffer(),
  PNG: await picture().png().toBuffer(),
  'interlaced PNG': await picture().png({ progressive: true, palette: true }).toBuffer(),
  'lossy WebP': await picture().webp().withMetadata({ orientation: 3 }).toBuffer(),
  'lossless WebP': await picture().ensureAlpha(0.5).webp({ lossless: true }).toBuffer(),
}
const cases = Object.entries(GOOD).map(([name, file]) => ({ name, file }))

/** A tensor, or the code of a ProblemError; everything else fails the test. */
async function outcome(bytes: Uint8Array): Promise<string> {
  try {
    const tensor = await photoToTensor(bytes, RESIZE, codecs)
    expect(tensor).toHaveLength(32 * 32 * 3)
    return 'tensor'
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    expect(CODES).toContain(error.code)
    return error.code
  }
}

describe.each(cases)('a damaged $name', ({ file }) => {
  test('cut off within its first nine tenths is refused', async () => {
    for (let part = 1; part <= 36; part++) {
      const length = Math.floor((file.length * 0.9 * part) / 36)
      expect(await outcome(file.subarray(0, length))).not.toBe('tensor')
    }
  })

  test('cut off at any of its last bytes never does more than fail', async () => {
    for (let missing = 1; missing <= 24; missing++) await outcome(file.subarray(0, file.length - missing))
  })

  test('with bytes changed, removed or repeated never does more than fail, and the next photo is right', async () => {
    const good = await photoToTensor(file, RESIZE, codecs)
    const pick = randomNumbers(file.length)
    for (let round = 0; round < 150; round++) {
      await outcome(mutated(file, pick))
      if (round % 10 === 0) expect(await photoToTensor(file, RESIZE, codecs)).toEqual(good)
    }
    expect(await photoToTensor(file, RESIZE, codecs)).toEqual(good)
  })
})

/** Half of the changes hit the first 200 bytes, where the headers are. */
function mutated(file: Buffer, pick: (below: number) => number): Uint8Array {
  const bytes = Uint8Array.from(file)
  const position = () => (pick(2) === 0 ? pick(200) : pick(bytes.length))
  const kind = pick(6)
  if (kind === 0) return Buffer.concat([bytes.subarray(0, position()), bytes.subarray(position())])
  const values = [0, 1, 0x7f, 0x80, 0xff]
  for (let change = 0; change <= kind * 2; change++)
    bytes[position()] = pick(2) ? pick(256) : (values[pick(5)] ?? 0)
  return bytes
}

describe('a hostile upload', () => {
  test('text is not an image', async () => {
    expect(await outcome(new TextEncoder().encode('hello, world'))).toBe('unsupported-image')
  })

  test('0 bytes are an empty image', async () => {
    expect(await outcome(new Uint8Array())).toBe('empty-image')
  })

  test('a JPEG that claims 65,500 x 65,500 costs no memory', async () => {
    const before = codecs.memoryBytes()
    const bomb = Buffer.from(GOOD['baseline JPEG'])
    bomb.fill(
      Buffer.from([0xff, 0xdc]),
      bomb.indexOf(Uint8Array.of(0xff, 0xc0)) + 5,
      bomb.indexOf(Uint8Array.of(0xff, 0xc0)) + 9,
    )
    expect(await outcome(bomb)).toBe('image-too-large')
    expect(codecs.memoryBytes()).toEqual(before)
  })

  test('a second, larger frame header does not get past the first', async () => {
    const jpeg = GOOD['baseline JPEG']
    const start = jpeg.indexOf(Uint8Array.of(0xff, 0xc0))
    const frame = Buffer.from(jpeg.subarray(start, start + 2 + jpeg.readUInt16BE(start + 2)))
    const larger = Buffer.from(frame).fill(Buffer.from([0xff, 0xdc]), 5, 9)
    for (const frames of [
      [frame, larger],
      [larger, frame],
    ]) {
      const file = Buffer.concat([jpeg.subarray(0, start), ...frames, jpeg.subarray(start + frame.length)])
      expect(await outcome(file)).toMatch(/^(undecodable-image|image-too-large)$/)
    }
  })

  test('stray bytes before the end marker, as cameras leave them, harm nothing', async () => {
    const jpeg = GOOD['baseline JPEG']
    const end = jpeg.length - 2
    const stray = Buffer.concat([jpeg.subarray(0, end), Buffer.from([0x12, 0x34, 0x56]), jpeg.subarray(end)])
    const tensor = await photoToTensor(stray, RESIZE, codecs)
    expect(tensor).toEqual(await photoToTensor(jpeg, RESIZE, codecs))
  })

  test('damaged JPEGs do not make the decoder start anew each time', async () => {
    const jpeg = GOOD['baseline JPEG']
    const badTable = Buffer.from(jpeg).fill(
      0xff,
      jpeg.indexOf(Uint8Array.of(0xff, 0xc4)) + 5,
      jpeg.indexOf(Uint8Array.of(0xff, 0xc4)) + 21,
    )
    const instances = vi.spyOn(WebAssembly, 'Instance')
    for (let i = 0; i < 40; i++) expect(await outcome(badTable)).toBe('undecodable-image')
    expect(instances.mock.calls.length).toBeGreaterThan(0)
    expect(instances.mock.calls.length).toBeLessThan(5)
    instances.mockRestore()
    expect(await outcome(jpeg)).toBe('tensor')
  })

  test('what the client is told never holds what the codec said', async () => {
    const jpeg = GOOD['baseline JPEG']
    const tables = jpeg.indexOf(Uint8Array.of(0xff, 0xc4))
    const badTable = Buffer.from(jpeg).fill(0xff, tables + 5, tables + 21)
    const error = await photoToTensor(badTable, RESIZE, codecs).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'undecodable-image' })
    expect((error as ProblemError).detail).toMatch(/^The [A-Za-z]+ is damaged or incomplete\.$/)
  })
})
