import * as z from 'zod'
import { type AcceptedJobs, ratesBetween, sumOfRates } from './arrivals.ts'
import { publicStatsSchema, publicWork, publicWorkSchema } from './public-stats.ts'
import { MINUTE_MS, type Snapshot } from './snapshot.ts'

const count = z.int().nonnegative()
const amount = z.number().nonnegative()

/** What GET /stats/history answers: minutes in which nobody looked are missing. */
export const publicHistorySchema = z.object({
  minutes: z.array(
    z.object({
      at: z.iso.datetime(),
      /** Jobs waiting or running. */
      backlog: count,
      /** Jobs accepted a second since the snapshot before; null where that is not known. */
      arrival_rate: amount.nullable(),
      last_minute: publicWorkSchema,
      pools: z.object({ ok: count, slow: count, stuck: count }),
      /** Null where it was not looked at, as with dead letters. */
      redis: publicStatsSchema.shape.redis,
      dead_letters: count.nullable(),
      /** By `name@version`; of the fifty with the most to do. */
      models: z.record(
        z.string(),
        z.object({
          backlog: count,
          arrival_rate: amount.nullable(),
          settled: count,
          /** 95th percentile of a job's time, from acceptance to settlement. */
          total_ms_p95: amount.nullable(),
        }),
      ),
    }),
  ),
})
export type PublicHistory = z.infer<typeof publicHistorySchema>

/** Over more than this a rate would say little of its last minute. */
const LONGEST_GAP_MS = 5 * MINUTE_MS

export function publicHistory(snapshots: readonly Snapshot[]): PublicHistory {
  return { minutes: snapshots.map((snapshot, i) => publicMinute(snapshot, snapshots[i - 1])) }
}

function publicMinute(snapshot: Snapshot, before: Snapshot | undefined): PublicHistory['minutes'][number] {
  const { at, backlog, pools, memory, deadLetters, work, versions } = snapshot
  const isNear = before !== undefined && before.at < at && at - before.at <= LONGEST_GAP_MS
  const rates = isNear ? ratesBetween(acceptedIn(before), acceptedIn(snapshot)) : new Map<string, number>()
  return {
    ...{ at: new Date(at).toISOString(), backlog, pools, last_minute: publicWork(work) },
    arrival_rate: sumOfRates(rates),
    redis: memory && { used_memory_bytes: memory.used, max_memory_bytes: memory.max },
    dead_letters: deadLetters,
    models: Object.fromEntries(
      Object.entries(versions).map(([id, { backlog, settled, totalP95 }]) => [
        id,
        { backlog, settled, arrival_rate: rates.get(id) ?? null, total_ms_p95: totalP95 },
      ]),
    ),
  }
}

export function acceptedIn({ at, versions }: Snapshot): AcceptedJobs {
  const accepted = Object.entries(versions).map(([id, { accepted }]) => [id, accepted])
  return { at, accepted: Object.fromEntries(accepted) }
}
