import { ProblemError } from './errors.ts'

/** What is wrong with images, wherever they are decoded. `detail` goes to the client: sizes and formats only, never bytes or a codec's message. */

export function undecodable(detail: string, cause?: unknown): ProblemError {
  return new ProblemError('undecodable-image', detail, cause === undefined ? undefined : { cause })
}

export function tooManyPixels(
  image: { readonly type: string; readonly width: number; readonly height: number },
  maxPixels: number,
): ProblemError {
  const limit = (maxPixels / 1e6).toLocaleString('en-US', { maximumFractionDigits: 1 })
  return new ProblemError(
    'image-too-large',
    `The image is ${image.width} x ${image.height}; at most ${limit} megapixels are accepted for ${image.type.toUpperCase()}.`,
  )
}

export function tooLong(
  image: { readonly width: number; readonly height: number },
  maxSide: number,
): ProblemError {
  return new ProblemError(
    'image-too-large',
    `The image is ${image.width} x ${image.height}; no side may have more than ${maxSide.toLocaleString('en-US')} pixels.`,
  )
}

export function tooManyFrames(image: { readonly type: string }, maxFrames: number): ProblemError {
  return new ProblemError(
    'image-too-large',
    `The image has too many frames; at most ${maxFrames.toLocaleString('en-US')} are accepted for ${image.type.toUpperCase()}.`,
  )
}

/** Some kinds of a type cannot be decoded row by row. */
export function tooMuchMemory(
  image: { readonly type: string; readonly width: number; readonly height: number },
  maxBytes: number,
): ProblemError {
  const limit = Math.round(maxBytes / 1024 / 1024)
  return new ProblemError(
    'image-too-large',
    `The image is a ${image.width} x ${image.height} ${image.type.toUpperCase()} of a kind that takes more than ${limit} MiB of memory to decode; ` +
      'send a smaller one, or save it as baseline JPEG.',
  )
}
