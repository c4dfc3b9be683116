import * as z from 'zod'
import { IMAGE_TYPES } from './image-type.ts'

/**
 * A model's manifest: what `model.json` in a model package says, what a pool publishes to Redis, and what the edge
 * needs to turn a photo into the model's input. Preprocessing lives here because it must match training.
 */

/** Part of Redis keys and job ids, hence no braces, slashes or colons. */
export const modelNameSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
  error: 'a model name is 1 to 64 of a-z, 0-9, dot, dash and underscore, and starts with a letter or digit',
})

/**
 * How a decoded, upright photo becomes `crop` x `crop` pixels. `kernel` is the resampling filter, widened when
 * shrinking (as Pillow and libvips do).
 * - `cover`: the short side is scaled to `size`, then the centre `crop` x `crop` is cut out.
 * - `contain`: the long side is scaled to `size`, centred on black; `crop` must equal `size`.
 * - `stretch`: both sides are scaled to `size`, ignoring the aspect ratio; `crop` must equal `size`.
 */
export const resizeSchema = z
  .object({
    mode: z.enum(['cover', 'contain', 'stretch']),
    size: z.int().min(1).max(4096),
    crop: z.int().min(1).max(4096),
    kernel: z.enum(['triangle', 'cubic', 'lanczos3']),
  })
  .refine((resize) => (resize.mode === 'cover' ? resize.crop <= resize.size : resize.crop === resize.size), {
    error: 'crop must be at most size for "cover", and equal to size for "contain" and "stretch"',
  })
export type Resize = z.infer<typeof resizeSchema>

/**
 * Where a photo is decoded.
 * - `edge`: at the edge; what it cannot decode, or not within its limits, is refused.
 * - `auto`: at the edge where that can; otherwise the file travels to the pool as it is, if `formats` lists its type.
 * - `pool`: always in the pool; only types in `formats` are taken.
 */
export const decodeSchema = z
  .object({
    at: z.enum(['edge', 'auto', 'pool']).default('edge'),
    /**
     * The types that may travel to the pool encoded. Nothing does unless the model's owner has listed it. What a pool announces
     * is without those that it cannot decode.
     */
    formats: z.array(z.enum(IMAGE_TYPES)).max(IMAGE_TYPES.length).default([]),
    /** A JPEG whose end is missing: refused, or taken with what is missing in grey. */
    truncated: z.enum(['refuse', 'accept']).default('refuse'),
  })
  .refine(({ at, formats }) => (at === 'edge') === (formats.length === 0), {
    error: 'formats must list at least one type for "auto" and "pool", and none for "edge"',
  })

export const modelManifestSchema = z
  .object({
    name: modelNameSchema,
    version: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
    description: z.string().max(500).optional(),
    license: z.string().max(100).optional(),
    task: z.literal('classification'),
    /** One image: uint8, height x width x RGB, without the batch dimension. `name` is the graph's input. */
    input: z.object({
      name: z.string().min(1),
      dtype: z.literal('uint8'),
      layout: z.literal('nhwc'),
      shape: z.tuple([z.int().positive(), z.int().positive(), z.literal(3)]),
    }),
    resize: resizeSchema,
    decode: decodeSchema.prefault({}),
    /** Names of the graph's outputs, each `[N, k]`, best first: float32 probabilities and int64 class indices. */
    outputs: z.object({ probabilities: z.string().min(1), indices: z.string().min(1) }),
  })
  .refine(({ input, resize }) => input.shape[0] === resize.crop && input.shape[1] === resize.crop, {
    error: 'input.shape must be [crop, crop, 3] of resize',
    path: ['input', 'shape'],
  })
export type ModelManifest = z.infer<typeof modelManifestSchema>
