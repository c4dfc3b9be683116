import type { PhotoRules } from '../../shared/photo-decoder.ts'
import type { Picture } from '../../shared/pixels.ts'
import { placeUpright } from '../../shared/place-upright.ts'
import { planResize } from '../../shared/resize-plan.ts'
import { admitImage } from './image-admission.ts'
import type { ImageCodecs } from './image-codecs.ts'
import type { ImageHeader } from './image-header.ts'
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits.ts'
import { chooseScale, type JpegScale, reducedLength } from './jpeg/jpeg-scale.ts'

/** A PhotoDecoder over codecs that run here. Takes JPEG, PNG, WebP and GIF. */
export async function photoToTensor(
  bytes: Uint8Array,
  rules: PhotoRules,
  codecs: ImageCodecs,
  limits: ImageLimits = DEFAULT_IMAGE_LIMITS,
): Promise<Uint8Array> {
  const { resize, decode } = rules
  const header: ImageHeader = admitImage(bytes, limits)
  const plan = planResize(resize, header)
  const eighths = header.type === 'jpeg' ? chooseScale(plan) : 8
  const tile = codecs.resizer.resample(pictureOf(header, eighths), plan, resize.kernel, (sink) => {
    if (header.type === 'jpeg') codecs.jpeg.decode(bytes, header, eighths, decode.truncated, sink)
    if (header.type === 'png') codecs.png.decode(bytes, header, sink)
    if (header.type === 'webp') codecs.webp.decode(bytes, header, sink)
    if (header.type === 'gif') codecs.gif.decode(bytes, header, sink)
  })
  return placeUpright(tile, plan)
}

/** What a decoder hands over that reduces to `eighths` / 8. */
function pictureOf(header: ImageHeader, eighths: JpegScale): Picture {
  const { width, height } = header
  return {
    width: reducedLength(width, eighths),
    height: reducedLength(height, eighths),
    spanX: (width * eighths) / 8,
    spanY: (height * eighths) / 8,
    hasAlpha: mayBeTransparent(header),
  }
}

function mayBeTransparent(header: ImageHeader): boolean {
  switch (header.type) {
    case 'jpeg':
      return false
    case 'png':
      return header.colourType === 4 || header.colourType === 6 || header.transparency !== undefined
    case 'webp':
      return header.alpha
    case 'gif':
      return true
  }
}
