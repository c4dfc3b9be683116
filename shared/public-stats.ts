import * as z from 'zod'
import { POOL_STATES } from './announcement.ts'
import { prioritySchema } from './priority.ts'
import type { RecentWork } from './recent-work.ts'

const count = z.int().nonnegative()
const amount = z.number().nonnegative()

/** Of how long it took, in ms; null where nothing ended. */
const percentilesSchema = z.object({ p50: amount, p95: amount, p99: amount }).nullable()

/** What pools did in the minute before they told it last, which each does every 30 s. */
export const publicWorkSchema = z.object({
  /** Jobs that ended, well or not. */
  settled: count,
  /** Jobs that ended without a result, by error code. */
  failures: z.record(z.string(), count),
  latency_ms: z.object({ queue: percentilesSchema, predict: percentilesSchema, total: percentilesSchema }),
  /** Runs by the images in them: of more than half of `up_to`, and no more than it. */
  batch_sizes: z.array(z.object({ up_to: count, batches: count })),
})
export type PublicWork = z.infer<typeof publicWorkSchema>

/**
 * `live`: some pool serves it, and gets on. `slow` and `stuck`: all that serve it are. `retiring`: none does, and pools serve another version of the
 * model. `waiting`: no pool serves the model.
 */
export const VERSION_STATES = ['live', 'slow', 'stuck', 'retiring', 'waiting'] as const
export type VersionState = (typeof VERSION_STATES)[number]

/** What GET /stats answers. */
export const publicStatsSchema = z.object({
  /** Redis' clock. */
  at: z.iso.datetime(),
  models: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      state: z.enum(VERSION_STATES),
      /** Jobs waiting or running, by priority. */
      backlog: z.record(prioritySchema, count),
      /** For how long the oldest job waits that no pool has taken yet; null where none waits. */
      oldest_waiting_seconds: amount.nullable(),
      /** Jobs that its queues ever had; from 0 again once they were empty for long. Null where Redis does not tell. */
      accepted_total: count.nullable(),
      /** Jobs accepted a second, lately; null where that is not known. */
      arrival_rate: amount.nullable(),
      /** Images a second that its pools serve while they are busy; null where none has told. */
      drain_rate: amount.nullable(),
      /** In how many seconds its backlog would be served; null where no pool has told how fast it is. */
      eta_seconds: amount.nullable(),
      /** Ids of the live pools that serve it. */
      pools: z.array(z.string()),
      last_minute: publicWorkSchema,
    }),
  ),
  /** What machines are wanted for, in jobs: waiting or running, or what busy pools count for if that is more. */
  queue_depth: z.object({ total: count, by_model: z.record(z.string(), count) }),
  /** Of all versions together, as far as it is known. */
  arrival_rate: amount.nullable(),
  last_minute: publicWorkSchema,
  dead_letters: z.object({ total: count, by_model: z.record(z.string(), count) }),
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

export function publicWork({ settled, failures, batchSizes, ...durations }: RecentWork): PublicWork {
  const { queue, predict, total } = durations
  return {
    ...{ settled, failures },
    latency_ms: { queue: percentiles(queue), predict: percentiles(predict), total: percentiles(total) },
    batch_sizes: batchSizes.buckets.map(({ upTo, count }) => ({ up_to: upTo, batches: count })),
  }
}

function percentiles(counts: RecentWork['total']): z.infer<typeof percentilesSchema> {
  const at = (q: number) => {
    const value = counts.quantile(q)
    return value === null ? 0 : Math.round(value * 10) / 10
  }
  return counts.total === 0 ? null : { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
