import type { Resize } from '../../shared/model-manifest.ts'
import type { ResizePlan } from '../../shared/resize-plan.ts'
import { axisWeights } from './axis-weights.ts'
import { boxShrink } from './box-shrink.ts'
import type { RgbxImage } from './pixels.ts'
import { placeUpright } from './place-upright.ts'
import { resample } from './resample.ts'
import { RESAMPLING_KERNELS } from './resampling-kernel.ts'

/** Decoded pixels, as stored, to the model's input: crop x crop x 3 bytes, RGB, upright. */
export function resizeImage(image: RgbxImage, plan: ResizePlan, kernelName: Resize['kernel']): Uint8Array {
  const kernel = RESAMPLING_KERNELS[kernelName]
  const source = boxShrink(image, plan)
  const columns = axisWeights(kernel, source.width, source.spanX, plan.columns)
  const rows = axisWeights(kernel, source.height, source.spanY, plan.rows)
  return placeUpright(resample(source, columns, rows), plan)
}
