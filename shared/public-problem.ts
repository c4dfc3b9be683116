import * as z from 'zod'
import { problemCodeSchema } from './errors.ts'

/** A failure as callers see it: RFC 9457. `code` and `retryable` are for programs, `title` and `detail` for people. */
export const publicProblemSchema = z.object({
  /** `urn:edgebatch:problem:<code>`. */
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  code: problemCodeSchema,
  retryable: z.boolean(),
  /** As in a job, so that callers of the Keras tutorial's API see that there are no labels. */
  success: z.literal(false),
  request_id: z.string(),
})
export type PublicProblem = z.infer<typeof publicProblemSchema>
