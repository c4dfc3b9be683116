import type sharpModule from 'sharp'
import type { Metadata, Sharp } from 'sharp'
import { type AxisWeights, axisWeights, copyingWeights } from './axis-weights.ts'
import { cmykToRgbx } from './cmyk-to-rgb.ts'
import { ProblemError } from './errors.ts'
import { tooManyPixels, undecodable } from './image-problems.ts'
import { IMAGE_TYPE_NAMES, type ImageType } from './image-type.ts'
import type { Orientation } from './orientation.ts'
import type { PhotoDecoder, PhotoRules } from './photo-decoder.ts'
import type { RgbTile, RgbxImage } from './pixels.ts'
import { placeUpright } from './place-upright.ts'
import { resample } from './resample.ts'
import { RESAMPLING_KERNELS } from './resampling-kernel.ts'
import { type AxisPlan, planResize } from './resize-plan.ts'
import { sniffImageType } from './sniff-image-type.ts'

export type SharpModule = typeof sharpModule

export interface SharpDecoderOptions {
  /** The types it takes: those that `decodableTypes` has found, or fewer. */
  readonly types: readonly ImageType[]
  /**
   * Most pixels (width x height) of the stored picture, held against its header; of AVIF, HEIC, JPEG XL and JPEG 2000 a quarter.
   * Most types are decoded row by row; a progressive JPEG, an interlaced PNG and a WebP are held as a whole, in 3 to 8
   * bytes a pixel.
   */
  readonly maxPixels: number
  /** Decoding is given up after so many seconds; in an AVIF not before its codec is done, which `maxPixels` bounds. */
  readonly timeoutSeconds: number
}

/**
 * A PhotoDecoder over libvips, for Node. Equals the edge's own to within rounding, and takes more types. `sharp` is handed
 * in, since nothing in this folder imports what needs a platform.
 *
 * libvips decodes, lays on black and shrinks, row by row where the type allows it. It is not asked to turn, which would take
 * the whole picture into memory, nor to enlarge: its result is shifted by half a pixel then.
 *
 * `prepareSharpForUploads(sharp)` must have been called, by the entry file, since it concerns the whole process.
 */
export function createSharpDecoder(sharp: SharpModule, options: SharpDecoderOptions): PhotoDecoder {
  return async (bytes, rules) => {
    const type = supportedType(bytes, options.types)
    const maxPixels = maxPixelsOf(type, options)
    const header = await readHeader(sharp, bytes, type, maxPixels)
    const plan = planResize(rules.resize, header)
    const parts = { columns: partOf(plan.columns, rules), rows: partOf(plan.rows, rules) }
    const image = sharp(bytes, {
      failOn: type === 'jpeg' && rules.decode.truncated === 'accept' ? 'none' : 'truncated',
      ignoreIcc: true,
      limitInputChannels: MAX_CHANNELS,
      limitInputPixels: maxPixels,
      sequentialRead: true,
      unlimited: false,
    }).timeout({ seconds: options.timeoutSeconds })
    const pixels = await decodeParts(image, parts, header, rules)
    return placeUpright(enlarge(pixels, parts), plan)
  }
}

/** Codecs that hold a whole picture in 18 bytes a pixel (as seen with AVIF), take a microsecond for each, and heed no time-out. */
const HEAVY_TYPES: readonly ImageType[] = ['avif', 'heic', 'jxl', 'jp2']
/** Their share of `maxPixels`. */
const HEAVY_SHARE = 1 / 4

function maxPixelsOf(type: ImageType, { maxPixels }: Pick<SharpDecoderOptions, 'maxPixels'>): number {
  return HEAVY_TYPES.includes(type) ? Math.floor(maxPixels * HEAVY_SHARE) : maxPixels
}

function supportedType(bytes: Uint8Array, types: readonly ImageType[]): ImageType {
  if (bytes.length === 0) throw new ProblemError('empty-image', 'The image has 0 bytes.')
  const type = sniffImageType(bytes)
  if (type !== undefined && types.includes(type)) return type
  const names = types.map((name) => IMAGE_TYPE_NAMES[name]).join(', ')
  throw new ProblemError(
    'unsupported-image',
    type === undefined
      ? `These bytes are not an image of a type that is taken: ${names}.`
      : `${IMAGE_TYPE_NAMES[type]} is not supported; send one of ${names}.`,
  )
}

/** Three of colour or four of ink, and alpha. A TIFF may have hundreds, and memory would be reserved for them. */
const MAX_CHANNELS = 5

/** What sharp calls the types that it does not call by our names. */
const SHARP_FORMATS: Partial<Record<ImageType, string>> = { avif: 'heif', heic: 'heif' }

interface Header {
  /** Of the stored picture, in pixels. */
  readonly width: number
  readonly height: number
  /** 1 for HEIC, AVIF and JPEG XL, whose decoders turn the picture themselves. */
  readonly orientation: Orientation
  readonly isCmyk: boolean
  /**
   * A JPEG is decoded at half, a quarter or an eighth of its size, where that is much more than is wanted. libvips does not
   * know how much of the last sample is padding then, and stretches the picture by it: harmless only where there is none.
   */
  readonly reducesExactly: boolean
}

async function readHeader(
  sharp: SharpModule,
  bytes: Uint8Array,
  type: ImageType,
  maxPixels: number,
): Promise<Header> {
  const metadata: Metadata = await sharp(bytes, { failOn: 'none', limitInputPixels: false })
    .metadata()
    .catch(damaged)
  const { format, width, height, orientation = 1, space } = metadata
  if (format !== (SHARP_FORMATS[type] ?? type)) throw undecodable('The image contradicts its first bytes.')
  if (width < 1 || height < 1) throw undecodable('The image has no pixels.')
  if (width * height > maxPixels) throw tooManyPixels({ type, width, height }, maxPixels)
  const known = orientation >= 1 && orientation <= 8 ? (orientation as Orientation) : 1
  const reducesExactly = type !== 'jpeg' || (width % 8 === 0 && height % 8 === 0)
  return { width, height, orientation: known, isCmyk: space === 'cmyk', reducesExactly }
}

/** libvips' share of one axis, and ours. */
interface AxisPart {
  /** The length that libvips scales to, and the samples it cuts out of that. */
  readonly scaled: number
  readonly from: number
  readonly count: number
  /** How these samples become the output, where the axis is enlarged. */
  readonly weights: AxisWeights | undefined
}
interface Parts {
  readonly columns: AxisPart
  readonly rows: AxisPart
}

function partOf(axis: AxisPlan, { resize }: PhotoRules): AxisPart {
  const { source, scaled, offset, count } = axis
  if (scaled <= source) return { scaled, from: offset, count, weights: undefined }
  const whole = axisWeights(RESAMPLING_KERNELS[resize.kernel], source, source, axis)
  const from = whole.first[0] as number
  const end = (whole.first[count - 1] as number) + whole.taps
  const weights = { ...whole, first: whole.first.map((sample) => sample - from) }
  return { scaled: source, from, count: end - from, weights }
}

const SHARP_KERNELS = { triangle: 'linear', cubic: 'cubic', lanczos3: 'lanczos3' } as const

/** Decodes, flattens, shrinks and cuts. The result is as stored, not yet turned. */
async function decodeParts(
  image: Sharp,
  { columns, rows }: Parts,
  { isCmyk, width, height, reducesExactly }: Header,
  { resize }: PhotoRules,
): Promise<RgbxImage> {
  const scale = { width: columns.scaled, height: rows.scaled, kernel: SHARP_KERNELS[resize.kernel] }
  // Where something is cut out first, libvips decodes at full size.
  const source = reducesExactly ? image : image.extract({ left: 0, top: 0, width, height })
  const shrunk = source
    .flatten()
    .resize({ ...scale, fit: 'fill', fastShrinkOnLoad: false })
    .extract({ left: columns.from, top: rows.from, width: columns.count, height: rows.count })
  // Without its profile, libvips would take CMYK for that of a printing press.
  const rgbx = isCmyk
    ? shrunk.pipelineColourspace('cmyk').toColourspace('cmyk')
    : shrunk.ensureAlpha().toColourspace('srgb')
  const { data, info } = await rgbx.raw().toBuffer({ resolveWithObject: true }).catch(damaged)
  if (info.width !== columns.count || info.height !== rows.count || info.channels !== 4) {
    throw undecodable('The image contradicts its header.')
  }
  if (isCmyk) cmykToRgbx(data, false)
  return { data, width: info.width, height: info.height }
}

function enlarge(image: RgbxImage, { columns, rows }: Parts): RgbTile {
  if (columns.weights === undefined && rows.weights === undefined) return withoutFourth(image)
  return resample(
    image,
    columns.weights ?? copyingWeights(columns.count),
    rows.weights ?? copyingWeights(rows.count),
  )
}

function withoutFourth({ data, width, height }: RgbxImage): RgbTile {
  const rgb = new Uint8Array(width * height * 3)
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from] as number
    rgb[to + 1] = data[from + 1] as number
    rgb[to + 2] = data[from + 2] as number
  }
  return { data: rgb, width, height }
}

/** sharp's words may quote the file; they stay in the cause. */
function damaged(cause: unknown): never {
  // libvips' message has a line for each thing that it met; this is sharp's own.
  const timedOut = cause instanceof Error && /^timeout/m.test(cause.message)
  throw undecodable(
    timedOut ? 'The image takes too long to decode.' : 'The image is damaged or incomplete.',
    cause,
  )
}
