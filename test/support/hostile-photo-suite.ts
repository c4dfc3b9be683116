import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../shared/errors.ts'
import type { PhotoDecoder } from '../../shared/photo-decoder.ts'
import { photoRules } from './photo-rules.ts'
import { randomNumbers } from './random-numbers.ts'

const RULES = photoRules({ mode: 'cover', size: 40, crop: 32, kernel: 'triangle' })
const CODES = ['undecodable-image', 'unsupported-image', 'image-too-large', 'empty-image']

const random = randomNumbers(7)
const pixels = Uint8Array.from({ length: 120 * 90 * 3 }, (_, i) => (i % 360) / 2 + random(60))
const picture = () => sharp(pixels, { raw: { width: 120, height: 90, channels: 3 } })

/** Files in order, of all kinds that every decoder takes, to be damaged. */
export const GOOD = {
  'baseline JPEG': await picture().jpeg({ quality: 90 }).withMetadata({ orientation: 6 }).toBuffer(),
  'progressive JPEG': await picture().jpeg({ progressive: true }).toBuffer(),
  'CMYK JPEG': await picture().toColourspace('cmyk').jpeg().toBuffer(),
  PNG: await picture().png().toBuffer(),
  'interlaced PNG': await picture().png({ progressive: true, palette: true }).toBuffer(),
  'lossy WebP': await picture().webp().withMetadata({ orientation: 3 }).toBuffer(),
  'lossless WebP': await picture().ensureAlpha(0.5).webp({ lossless: true }).toBuffer(),
  GIF: await picture().gif().toBuffer(),
  'interlaced GIF': await picture().gif({ progressive: true }).toBuffer(),
}

/** Files of further types. */
export const FURTHER_GOOD = {
  TIFF: await picture().tiff({ compression: 'lzw' }).toBuffer(),
  AVIF: await picture().avif({ effort: 0 }).toBuffer(),
}

/** 'tensor', or the code of a ProblemError; everything else that comes out fails the test. */
export async function outcome(decode: PhotoDecoder, bytes: Uint8Array): Promise<string> {
  try {
    const tensor = await decode(bytes, RULES)
    expect(tensor).toHaveLength(32 * 32 * 3)
    return 'tensor'
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    expect(CODES).toContain(error.code)
    return error.code
  }
}

/** Whatever is done to a file: a PhotoDecoder answers or refuses, and decodes the next photo as if nothing happened. */
export function hostilePhotoSuite(decode: PhotoDecoder, files: Record<string, Buffer> = GOOD): void {
  const cases = Object.entries(files).map(([name, file]) => ({ name, file }))
  describe.each(cases)('a damaged $name', ({ file }) => {
    test('cut off within its first nine tenths is refused', async () => {
      for (let part = 1; part <= 36; part++) {
        const length = Math.floor((file.length * 0.9 * part) / 36)
        expect(await outcome(decode, file.subarray(0, length))).not.toBe('tensor')
      }
    })

    test('cut off at any of its last bytes never does more than fail', async () => {
      for (let missing = 1; missing <= 24; missing++) {
        await outcome(decode, file.subarray(0, file.length - missing))
      }
    })

    test('with bytes changed, removed or repeated never does more than fail, and the next photo is right', async () => {
      const good = await decode(file, RULES)
      const pick = randomNumbers(file.length)
      for (let round = 0; round < 150; round++) {
        await outcome(decode, mutated(file, pick))
        if (round % 10 === 0) expect(await decode(file, RULES)).toEqual(good)
      }
      expect(await decode(file, RULES)).toEqual(good)
    })
  })

  test('stray bytes before the end marker of a JPEG, as cameras leave them, harm nothing', async () => {
    const jpeg = GOOD['baseline JPEG']
    const stray = Buffer.concat([jpeg.subarray(0, -2), Buffer.from([0x12, 0x34, 0x56]), jpeg.subarray(-2)])
    expect(await decode(stray, RULES)).toEqual(await decode(jpeg, RULES))
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
      expect(await outcome(decode, file)).toMatch(/^(undecodable-image|image-too-large)$/)
    }
  })

  test('what the client is told is in our words, and never the codec’s', async () => {
    for (const [name, file] of Object.entries(files)) {
      const damaged = Buffer.from(file).fill(
        0x55,
        Math.floor(file.length / 3),
        Math.floor((file.length * 2) / 3),
      )
      const error = await decode(damaged, RULES).catch((reason: unknown) => reason)
      if (!(error instanceof ProblemError)) continue
      expect(error.detail, name).toMatch(
        /^The [A-Za-z]+ (is|contradicts|ends|holds|has|takes) [a-z ]*[a-z:, ]*\.$/,
      )
    }
  })
}

/** Half of the changes hit the first 200 bytes, where the headers are. */
function mutated(file: Buffer, pick: (below: number) => number): Uint8Array {
  const bytes = Uint8Array.from(file)
  const position = () => (pick(2) === 0 ? pick(200) : pick(bytes.length))
  const kind = pick(6)
  if (kind === 0) return Buffer.concat([bytes.subarray(0, position()), bytes.subarray(position())])
  const values = [0, 1, 0x7f, 0x80, 0xff]
  for (let change = 0; change <= kind * 2; change++) {
    bytes[position()] = pick(2) ? pick(256) : (values[pick(5)] ?? 0)
  }
  return bytes
}
