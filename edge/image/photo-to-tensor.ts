import type { Resize } from '../../shared/model-manifest.ts'
import { flattenOntoBlack } from './flatten-alpha.ts'
import type { ImageCodecs } from './image-codecs.ts'
import { type ImageHeader, readImageHeader } from './image-header.ts'
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits.ts'
import { chooseReduction } from './jpeg-reduction.ts'
import type { RgbxImage } from './pixels.ts'
import { resizeImage } from './resize.ts'
import { planResize } from './resize-plan.ts'

export { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits.ts'

/**
 * An uploaded photo to the model's input: `crop` x `crop` x 3 bytes, RGB, row by row (NHWC without N), upright by EXIF,
 * transparency on black; of an animation, the first frame. Colour profiles are ignored, as training pipelines do.
 *
 * Throws ProblemError: 'empty-image', 'unsupported-image' (not a JPEG, PNG or WebP), 'image-too-large' (told by
 * the header, before decoding), 'undecodable-image' (truncated, damaged or contradictory).
 */
export async function photoToTensor(
  bytes: Uint8Array,
  resize: Resize,
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
  const use = (image: RgbxImage) => {
    flattenOntoBlack(image.data)
    return resizeImage(image, plan, resize.kernel)
  }
  return header.type === 'png'
    ? codecs.png.decode(bytes, header, use)
    : codecs.webp.decode(bytes, header, use)
}
