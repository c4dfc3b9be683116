import { ProblemError } from '../../shared/errors.ts'
import {
  tooLong,
  tooManyFrames,
  tooManyPixels,
  tooMuchMemory,
  undecodable,
} from '../../shared/image-problems.ts'
import { sniffImageType } from '../../shared/sniff-image-type.ts'
import { acceptedImageType, isAccepted } from './accepted-types.ts'
import { decoderBytes } from './decoder-memory.ts'
import { readGifHeader } from './gif/gif-header.ts'
import type { ImageHeader } from './image-header.ts'
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits.ts'
import { assertScansFit } from './jpeg/jpeg-coefficients.ts'
import { readJpegHeader } from './jpeg/jpeg-header.ts'
import { readPngHeader } from './png/png-header.ts'
import { readWebpHeader } from './webp/webp-header.ts'

/**
 * Tells the type, reads the header and holds it against the limits; allocates nothing that the header controls.
 * Throws ProblemError 'empty-image', 'unsupported-image', 'undecodable-image' or 'image-too-large'.
 */
export function admitImage(bytes: Uint8Array, limits: ImageLimits): ImageHeader {
  const header = READERS[acceptedImageType(bytes)](bytes, limits)
  if (header.width < 1 || header.height < 1) throw undecodable('The image has no pixels.')
  const { type, width, height } = header
  const maxPixels = limits.maxPixels[type]
  if (Math.max(width, height) > limits.maxSide) throw tooLong(header, limits.maxSide)
  if (width * height > maxPixels) throw tooManyPixels(header, maxPixels)
  if ((type === 'gif' || type === 'webp') && header.frames > limits.maxFrames) {
    throw tooManyFrames(header, limits.maxFrames)
  }
  const maxBytes = limits.maxDecoderBytes[type]
  if (decoderBytes(header) > maxBytes) throw tooMuchMemory(header, maxBytes)
  if (type === 'jpeg') assertScansFit(bytes, header, limits)
  return header
}

/**
 * Throws ProblemError 'undecodable-image' if the header is damaged. Says nothing of types whose header is not read here, nor
 * of files that are only not decoded here.
 */
export function assertSoundHeader(bytes: Uint8Array): void {
  const type = sniffImageType(bytes)
  if (type === undefined || !isAccepted(type)) return
  try {
    READERS[type](bytes, DEFAULT_IMAGE_LIMITS)
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code === 'undecodable-image') throw error
  }
}

const READERS: Record<ImageHeader['type'], (bytes: Uint8Array, limits: ImageLimits) => ImageHeader> = {
  jpeg: readJpegHeader,
  png: readPngHeader,
  webp: readWebpHeader,
  gif: (bytes, limits) => readGifHeader(bytes, limits.maxFrames),
}
