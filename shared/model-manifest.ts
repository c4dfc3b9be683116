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

/** Part of Redis keys, hence no braces, slashes or colons. */
export const modelVersionSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error:
    'a version is 1 to 64 letters, digits, dots, dashes and underscores, and starts with a letter or digit',
})

/** Up to a day. */
const deadlineSeconds = z.int().min(1).max(86_400)

/** How a pool gathers this model's batches, and how the edge treats its jobs; what is not said is the pool's own setting. */
export const servingSchema = z.object({
  max_batch_size: z.int().min(1).max(1024).optional(),
  /** How long a free session may wait for a batch to fill. 0: it takes at once what is there. */
  max_queue_delay_ms: z.number().min(0).max(60_000).default(0),
  /** Sizes at which a batch that may still wait is run at once. */
  preferred_batch_sizes: z.array(z.int().min(1).max(1024)).max(32).default([]),
  /** Sessions of this model that run at the same time, on each GPU or in each CPU pool. */
  instances: z.int().min(1).max(64).default(1),
  /** Where set, batch size and delay are steered so that 99 of 100 jobs take no longer, from acceptance to result. */
  target_p99_ms: z.number().positive().max(600_000).optional(),
  /** How long a job may take from acceptance to result: where its request does not say, and at most. */
  deadline_seconds: z
    .object({ default: deadlineSeconds.optional(), max: deadlineSeconds.optional() })
    .refine((own) => (own.default ?? 0) <= (own.max ?? Infinity), { error: 'default must be max at most' })
    .optional(),
  /** How long a result will do for the same input of the same caller; 0: not at all. Where it is not said, the edge's own time counts. */
  cache_ttl_seconds: z.int().min(0).max(86_400).optional(),
})

const tensorName = z.string().min(1)

/** What is the same for all tasks. */
const commonFields = {
  name: modelNameSchema,
  version: modelVersionSchema,
  description: z.string().max(500).optional(),
  license: z.string().max(100).optional(),
  /** One image: uint8, height x width x RGB, without the batch dimension. `name` is the first graph's input. */
  input: z.object({
    name: tensorName,
    dtype: z.literal('uint8'),
    layout: z.literal('nhwc'),
    shape: z.tuple([z.int().positive(), z.int().positive(), z.literal(3)]),
  }),
  resize: resizeSchema,
  decode: decodeSchema.prefault({}),
  /**
   * Files of the package that are run one after another. Each but the first has one input, and takes what the one before
   * gives, which then has one output. More than one where the model itself could not be given a uint8 input and its task's outputs.
   */
  graphs: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*\.onnx$/, { error: 'must be a file of the package, *.onnx' }),
    )
    .min(1)
    .max(3)
    .default(['model.onnx']),
  serving: servingSchema.prefault({}),
}

/** `outputs` names the last graph's outputs. */
const taskSchema = z.discriminatedUnion('task', [
  z.object({
    ...commonFields,
    task: z.literal('classification'),
    /** Each `[N, k]`, best first: float32 probabilities and int64 class indices. */
    outputs: z.object({ probabilities: tensorName, indices: tensorName }),
  }),
  z.object({
    ...commonFields,
    task: z.literal('embedding'),
    /** `[N, d]` float32. */
    outputs: z.object({ embedding: tensorName }),
  }),
  z.object({
    ...commonFields,
    task: z.literal('tensor'),
    /** Of any type and shape, the first dimension N. */
    outputs: z.object({ tensors: z.array(tensorName).min(1).max(16) }),
  }),
])

export const modelManifestSchema = taskSchema.refine(
  ({ input, resize }) => input.shape[0] === resize.crop && input.shape[1] === resize.crop,
  { error: 'input.shape must be [crop, crop, 3] of resize', path: ['input', 'shape'] },
)
export type ModelManifest = z.infer<typeof modelManifestSchema>
export type ClassificationManifest = Extract<ModelManifest, { task: 'classification' }>
