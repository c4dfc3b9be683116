import * as z from 'zod'
import { IMAGE_TYPES } from './image-type.ts'

/** How bytes lie under `input:<id>`. `base64` where they came through Upstash's client, which carries text only; `raw` is the same without the detour. */
const encodingSchema = z.enum(['base64', 'raw'])

/** One image as the model takes it: uint8, height x width x RGB, row by row. */
const tensorInputSchema = z.object({
  kind: z.literal('tensor'),
  dtype: z.literal('uint8'),
  shape: z.array(z.int().positive()).min(1).max(8),
  encoding: encodingSchema,
})

/** A photo as it was uploaded, for the pool to decode. `type` is what its first bytes say; nothing else of it was looked at. */
const imageInputSchema = z.object({
  kind: z.literal('image'),
  type: z.enum(IMAGE_TYPES),
  encoding: encodingSchema,
})

const jobInputSchema = z.discriminatedUnion('kind', [tensorInputSchema, imageInputSchema])

/** What the bytes under `input:<id>` are. */
export type JobInput = z.infer<typeof jobInputSchema>

/** Fields of a job's hash that say what its input is, in the order in which the claim script returns them. */
export const JOB_INPUT_FIELDS = ['input', 'dtype', 'shape', 'image_type', 'encoding'] as const

/** Those of them that this kind of input has. */
export function jobInputFields(input: JobInput): Partial<Record<(typeof JOB_INPUT_FIELDS)[number], string>> {
  return input.kind === 'tensor'
    ? { input: 'tensor', dtype: input.dtype, shape: input.shape.join(','), encoding: input.encoding }
    : { input: 'image', image_type: input.type, encoding: input.encoding }
}

/** `values`: of JOB_INPUT_FIELDS, in order. Undefined if they are no input that this version knows. */
export function readJobInput(values: readonly unknown[]): JobInput | undefined {
  const [kind, dtype, shape, type, encoding] = values
  const sides = String(shape).split(',').map(Number)
  return jobInputSchema.safeParse({ kind, dtype, shape: sides, type, encoding }).data
}
