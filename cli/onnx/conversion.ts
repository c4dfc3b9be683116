import * as z from 'zod'

const perChannel = z.tuple([z.number(), z.number(), z.number()])

/** How bytes become what a model takes, and what it gives becomes its task's outputs. */
export const conversionSchema = z.object({
  /** Width and height of the image. */
  side: z.int().positive(),
  /** Of the model's own input. */
  layout: z.enum(['nchw', 'nhwc']),
  channels: z.enum(['rgb', 'bgr']),
  /** The model takes (byte / scale - mean) / std, `mean` and `std` in the order of `channels`. */
  scale: z.number().positive(),
  mean: perChannel,
  std: perChannel,
  task: z.enum(['classification', 'embedding', 'tensor']),
  /** The model's outputs that are used: one, except for `tensor`. */
  outputs: z.array(z.string()).min(1).max(16),
  /** Classes that a classification names. */
  top: z.int().positive(),
  /** Whether the model gives logits, which a softmax makes probabilities of. */
  softmax: z.boolean(),
})
export type Conversion = z.infer<typeof conversionSchema>

/** The channel axis of the model's own input. */
export function channelAxis({ layout }: Conversion): number {
  return layout === 'nchw' ? 1 : 3
}

/** Whether bytes are what the model takes, but for their order. */
export function takesPlainBytes({ scale, mean, std }: Conversion): boolean {
  return scale === 1 && mean.every((m) => m === 0) && std.every((s) => s === 1)
}
