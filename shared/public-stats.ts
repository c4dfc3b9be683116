import * as z from 'zod'
import { prioritySchema } from './priority.ts'

const count = z.int().nonnegative()

/** What GET /stats answers. */
export const publicStatsSchema = z.object({
  models: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      /** Jobs waiting or running, by priority. */
      backlog: z.record(prioritySchema, count),
      /** Images a second that its pools serve while they are busy; null where none has told. */
      drain_rate: z.number().nonnegative().nullable(),
      /** Ids of the live pools that serve it. */
      pools: z.array(z.string()),
    }),
  ),
  /** The live ones. What a pool does not tell is null. */
  pools: z.array(
    z.object({
      id: z.string(),
      /** `name@version`. */
      models: z.array(z.string()),
      device: z.string().nullable(),
      in_flight: z.number().nullable(),
      images_per_second: z.number().nullable(),
      started_at: z.iso.datetime().nullable(),
    }),
  ),
})
export type PublicStats = z.infer<typeof publicStatsSchema>
