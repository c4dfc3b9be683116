import type { PhotoRules } from '../../shared/photo-decoder.ts'
import { planResize, type ResizePlan } from '../../shared/resize-plan.ts'
import type { ImageCodecs } from './image-codecs.ts'
import { type ImageHeader, readImageHeader } from './image-header.ts'
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits.ts'
import type { JpegHeader } from './jpeg-header.ts'
import { chooseReduction, reducedLength } from './jpeg-reduction.ts'
import type { Picture, RowSink } from './pixels.ts'
import { placeUpright } from './place-upright.ts'

export { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits.ts'

/** A PhotoDecoder over codecs that run here. Takes JPEG, PNG and WebP. */
export async function photoToTensor(
  bytes: Uint8Array,
  { resize, decode: { truncated } }: PhotoRules,
  codecs: ImageCodecs,
  limits: ImageLimits = DEFAULT_IMAGE_LIMITS,
): Promise<Uint8Array> {
  const header: ImageHeader = readImageHeader(bytes, limits)
  const plan = planResize(resize, header)
  const { picture, decode } = sourceOf(bytes, header, plan, codecs, limits, truncated)
  return placeUpright(codecs.resizer.resample(picture, plan, resize.kernel, decode), plan)
}

/** The picture that the decoder will hand over, and how to make it do so. */
interface Source {
  readonly picture: Picture
  readonly decode: (sink: RowSink) => void
}

function sourceOf(
  bytes: Uint8Array,
  header: ImageHeader,
  plan: ResizePlan,
  codecs: ImageCodecs,
  limits: ImageLimits,
  truncated: PhotoRules['decode']['truncated'],
): Source {
  if (header.type === 'jpeg') {
    const eighths = chooseReduction(plan, limits)
    return {
      picture: reducedPicture(header, eighths),
      decode: (sink) => codecs.jpeg.decode(bytes, header, eighths, truncated, sink),
    }
  }
  const { width, height } = header
  const picture = { width, height, spanX: width, spanY: height, hasAlpha: true }
  if (header.type === 'png') return { picture, decode: (sink) => codecs.png.decode(bytes, header, sink) }
  return { picture, decode: (sink) => codecs.webp.decode(bytes, header, sink) }
}

function reducedPicture({ width, height }: JpegHeader, eighths: number): Picture {
  return {
    width: reducedLength(width, eighths),
    height: reducedLength(height, eighths),
    spanX: (width * eighths) / 8,
    spanY: (height * eighths) / 8,
    hasAlpha: false,
  }
}
