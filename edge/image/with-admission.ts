import type { PhotoDecoder } from '../../shared/photo-decoder.ts'
import { sniffImageType } from '../../shared/sniff-image-type.ts'
import { isAccepted } from './accepted-types.ts'
import { admitImage } from './image-admission.ts'
import type { ImageLimits } from './image-limits.ts'

/**
 * A decoder of another make, behind the checks of headers that the Worker makes of the types it takes: what is refused
 * there for its header is refused here, in the same words. Further types pass unseen.
 */
export function withAdmission(decode: PhotoDecoder, limits: ImageLimits): PhotoDecoder {
  return async (bytes, rules) => {
    const type = sniffImageType(bytes)
    if (type !== undefined && isAccepted(type)) admitImage(bytes, limits)
    return decode(bytes, rules)
  }
}
