import type { PhotoRules } from '../../shared/photo-decoder.ts'
import { planResize } from '../../shared/resize-plan.ts'
import { flattenOntoBlack } from './flatten-alpha.ts'
import type { ImageCodecs } from './image-codecs.ts'
import { type ImageHeader, readImageHeader } from './image-header.ts'
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits.ts'
import { chooseReduction } from './jpeg-reduction.ts'
import { resizeImage } from './resize.ts'

export { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits.ts'

/** A PhotoDecoder over codecs that run here. Takes JPEG, PNG and WebP. */
export async function photoToTensor(
  bytes: Uint8Array,
  { resize }: PhotoRules,
  codecs: ImageCodecs,
  limits: ImageLimits = DEFAULT_IMAGE_LIMITS,
): Promise<Uint8Array> {
  const header: ImageHeader = readImageHeader(bytes, limits)
  const plan = planResize(resize, header)
  if (header.type === 'jpeg') {
    return codecs.jpeg.decode(bytes, header, chooseReduction(plan, limits), (image) =>
      resizeImage(image, plan, resize.kernel),
    )
  }
  const decoder = codecs[header.type]
  return decoder.decode(bytes, header, (image) => {
    flattenOntoBlack(image.data)
    return resizeImage(image, plan, resize.kernel)
  })
}
