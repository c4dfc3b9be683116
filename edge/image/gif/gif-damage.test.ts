import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../../shared/errors.ts'
import { decodeWholeGif, noise, palette, stripes } from '../../../test/support/gif-pixels.ts'
import { type GifRecipe, writeGif } from '../../../test/support/gif-writer.ts'
import { randomNumbers } from '../../../test/support/random-numbers.ts'
import { admitImage } from '../image-admission.ts'
import { DEFAULT_IMAGE_LIMITS } from '../image-limits.ts'

describe('a damaged GIF', () => {
  const recipe: GifRecipe = {
    width: 60,
    height: 45,
    palette: palette(64),
    frames: [
      { width: 50, height: 40, pixels: noise(50, 40, 64), interlaced: true, transparentIndex: 5, left: 4 },
      { width: 60, height: 45, pixels: stripes(60, 45, 64) },
    ],
  }
  const animation = writeGif(recipe)
  const good = decodeWholeGif(animation)

  /** Rows, or a refusal by the header, the limits or the decoder; everything else fails the test. */
  function outcome(file: Uint8Array): 'rows' | 'refused' {
    try {
      admitImage(file, DEFAULT_IMAGE_LIMITS)
      const { data, width, height } = decodeWholeGif(file)
      expect(data.length).toBe(width * height * 4)
      return 'rows'
    } catch (error) {
      if (error instanceof ProblemError) return 'refused'
      throw error
    }
  }

  test('is refused, or gives rows of the sides in its header, and the next one is right', () => {
    const random = randomNumbers(3)
    const position = () => (random(2) === 0 ? 6 + random(240) : random(animation.length))
    const outcomes = Array.from({ length: 800 }, () => {
      const bytes = Uint8Array.from(animation)
      for (let change = random(6); change >= 0; change--) bytes[position()] = random(256)
      expect(decodeWholeGif(animation)).toEqual(good)
      return outcome(bytes)
    })
    expect(new Set(outcomes)).toEqual(new Set(['rows', 'refused']))
  })

  test('cut off within its first frame is refused, cut off after it is not', () => {
    const endOfFirst = writeGif({ ...recipe, frames: recipe.frames.slice(0, 1) }).length - 1
    for (let length = 0; length < animation.length; length++) {
      expect(outcome(animation.subarray(0, length))).toBe(length < endOfFirst ? 'refused' : 'rows')
    }
  })
})
