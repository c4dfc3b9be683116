import { axisWeights } from '../../shared/axis-weights.ts'
import type { Resize } from '../../shared/model-manifest.ts'
import type { RgbxImage } from '../../shared/pixels.ts'
import { placeUpright } from '../../shared/place-upright.ts'
import { resample } from '../../shared/resample.ts'
import { RESAMPLING_KERNELS } from '../../shared/resampling-kernel.ts'
import type { ResizePlan } from '../../shared/resize-plan.ts'
import { boxShrink } from './box-shrink.ts'

/** Decoded pixels, as stored, to the model's input: crop x crop x 3 bytes, RGB, upright. */
export function resizeImage(image: RgbxImage, plan: ResizePlan, kernelName: Resize['kernel']): Uint8Array {
  const kernel = RESAMPLING_KERNELS[kernelName]
  const source = boxShrink(image, plan)
  const columns = axisWeights(kernel, source.width, source.spanX, plan.columns)
  const rows = axisWeights(kernel, source.height, source.spanY, plan.rows)
  return placeUpright(resample(source, columns, rows), plan)
}
