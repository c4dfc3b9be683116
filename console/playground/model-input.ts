import pLimit from 'p-limit'
import { axisWeights } from '../../shared/axis-weights.ts'
import type { Resize } from '../../shared/model-manifest.ts'
import { placeUpright } from '../../shared/place-upright.ts'
import { resample } from '../../shared/resample.ts'
import { RESAMPLING_KERNELS } from '../../shared/resampling-kernel.ts'
import { planResize } from '../../shared/resize-plan.ts'

/** Larger photos are first reduced by the browser, whose canvas would take too much memory otherwise. */
const MAX_PIXELS = 24e6

/** A decoded photo takes four bytes a pixel, and its pixels as many again: one at a time on the whole page. */
const decoding = pLimit(1)

/**
 * Decodes a photo as a model's input is made: colours as they are stored, whatever profile they have. Upright. `isWanted` is asked when its turn
 * has come, and before `use`. Throws where the browser cannot decode it.
 */
export function withDecoded(
  file: Blob,
  isWanted: () => boolean,
  use: (photo: ImageBitmap) => void,
): Promise<void> {
  return decoding(async () => {
    if (!isWanted()) return
    const photo = await createImageBitmap(file, {
      colorSpaceConversion: 'none',
      imageOrientation: 'from-image',
    })
    try {
      if (isWanted()) use(photo)
    } finally {
      photo.close()
    }
  })
}

/**
 * What a model is given of a photo: the same plan, filter and rounding as the service's. Only the decoder is the browser's, which
 * for a JPEG may differ by a few shades; of a photo above 24 megapixels a little more.
 */
export function modelInput(photo: ImageBitmap, resize: Resize): ImageData {
  const upright = { width: photo.width, height: photo.height, orientation: 1 } as const
  const plan = planResize(resize, upright)
  const kernel = RESAMPLING_KERNELS[resize.kernel]
  const image = pixelsOf(photo)
  const columns = axisWeights(kernel, image.width, image.width, plan.columns)
  const rows = axisWeights(kernel, image.height, image.height, plan.rows)
  const rgb = placeUpright(resample(image, columns, rows), plan)
  const shown = new ImageData(plan.crop, plan.crop)
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    shown.data.set(rgb.subarray(from, from + 3), to)
    shown.data[to + 3] = 255
  }
  return shown
}

/** What is transparent lies on black. */
function pixelsOf(photo: ImageBitmap): ImageData {
  const scale = Math.min(1, Math.sqrt(MAX_PIXELS / (photo.width * photo.height)))
  const width = Math.max(1, Math.round(photo.width * scale))
  const height = Math.max(1, Math.round(photo.height * scale))
  const canvas = document.createElement('canvas')
  Object.assign(canvas, { width, height })
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true })
  if (!context) throw new Error('This browser gives no canvas.')
  context.imageSmoothingQuality = 'high'
  context.drawImage(photo, 0, 0, width, height)
  return context.getImageData(0, 0, width, height)
}
