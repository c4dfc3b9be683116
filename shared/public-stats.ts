import * as z from 'zod'
import { POOL_STATES } from './announcement.ts'
import { prioritySchema } from './priority.ts'

const count = z.int().nonnegative()
const amount = z.number().nonnegative()

/** What GET /stats answers. */
export const publicStatsSchema = z.object({
  models: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      /** Jobs waiting or running, by priority. */
      backlog: z.record(prioritySchema, count),
      /** For how long the oldest job waits that no pool has taken yet; null where none waits. */
      oldest_waiting_seconds: amount.nullable(),
      /** Images a second that its pools serve while they are busy; null where none has told. */
      drain_rate: amount.nullable(),
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
      started_at: z.iso.datetime().nullable(),
      /** Whether it gets on with the run of a model that takes it longest. */
      state: z.enum(POOL_STATES).nullable(),
      /** How long that has taken so far; 0 where none is under way. */
      running_for_seconds: amount.nullable(),
      /** When it last settled a batch; null also if it never has. */
      last_settled_at: z.iso.datetime().nullable(),
    }),
  ),
  /** Null where Redis does not tell. */
  redis: z
    .object({
      used_memory_bytes: count,
      /** At which it takes no more jobs; null where nothing is set. */
      max_memory_bytes: count.nullable(),
    })
    .nullable(),
})
export type PublicStats = z.infer<typeof publicStatsSchema>
