import * as z from 'zod'

/**
 * What the bytes under `input:<id>` are: one image, uint8, height x width x RGB, row by row. `base64` because Upstash's
 * client carries text only; `raw` is the same without the detour.
 */
export const tensorHeaderSchema = z.object({
  dtype: z.literal('uint8'),
  shape: z.array(z.int().positive()).min(1).max(8),
  encoding: z.enum(['base64', 'raw']),
})
export type TensorHeader = z.infer<typeof tensorHeaderSchema>

/** Bytes of a decoded tensor (one byte an element). */
export function tensorByteLength(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1)
}
