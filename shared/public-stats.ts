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
  /** What machines are wanted for, in jobs: waiting or running, or what busy pools count for if that is more. */
  queue_depth: z.object({ total: count, by_model: z.record(z.string(), count) }),
  /** The live ones. What a pool does not tell is null. */
  pools: z.array(
    z.object({
      id: z.string(),
      /** `name@version`. */
      models: z.array(z.string()),
      device: z.string().nullable(),
      in_flight: z.number().nullable(),
      images_per_second: z.number().nullable(),
      /** By `name@version`: what it serves of what it could, from 0 to 1. */
      busy: z.record(z.string(), z.number()),
      idle_seconds: z.number().nullable(),
      started_at: z.iso.datetime().nullable(),
    }),
  ),
})
export type PublicStats = z.infer<typeof publicStatsSchema>
