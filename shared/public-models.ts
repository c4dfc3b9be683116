import * as z from 'zod'
import { IMAGE_TYPES } from './image-type.ts'
import { decodeSchema, resizeSchema, servingSchema } from './model-manifest.ts'

/** What callers see of one version of a model. */
const publicVersionSchema = z.object({
  version: z.string(),
  description: z.string().nullable(),
  license: z.string().nullable(),
  task: z.enum(['classification', 'embedding', 'tensor']),
  /** What a photo becomes: height, width and 3 colours. */
  input: z.object({ dtype: z.literal('uint8'), shape: z.array(z.int().positive()).length(3) }),
  resize: resizeSchema,
  decode: decodeSchema,
  /** Most common first. */
  image_types: z.array(z.enum(IMAGE_TYPES)),
  serving: servingSchema,
  /** Whether a pool serves it now; jobs are taken either way. */
  live: z.boolean(),
  pools: z.object({ count: z.int().nonnegative(), ids: z.array(z.string()) }),
})
export type PublicVersion = z.infer<typeof publicVersionSchema>

/** One of a model's versions, and whether it is the default. */
export const publicListedVersionSchema = publicVersionSchema.extend({ default: z.boolean() })

/** Its fields are the default version's, so that who knows of no versions reads what its requests get. */
export const publicModelSchema = publicVersionSchema.extend({
  name: z.string(),
  /** Whether requests of this caller get it that name no model; of no model where they must name one. */
  default: z.boolean(),
  default_version: z.string().nullable(),
  /** Highest first. */
  versions: z.array(publicListedVersionSchema),
})
export type PublicModel = z.infer<typeof publicModelSchema>

/** What GET /models answers. */
export const publicModelsSchema = z.object({ models: z.array(publicModelSchema) })
export type PublicModels = z.infer<typeof publicModelsSchema>
