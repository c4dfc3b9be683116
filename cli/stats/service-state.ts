import * as z from 'zod'
import { POOL_STATES } from '../../shared/announcement.ts'

const amount = z.number().nonnegative()
const percentiles = z.object({ p50: amount, p95: amount, p99: amount }).nullish()

/**
 * How the service is: what GET /stats answers, as far as it is shown here. What an older service does not tell, or Redis alone does not, is
 * undefined; a newer one may tell more.
 */
export const serviceStateSchema = z.object({
  models: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      /** Jobs waiting or running, by priority. */
      backlog: z.object({ high: amount, normal: amount, low: amount }),
      oldest_waiting_seconds: amount.nullable(),
      /** Jobs accepted a second. */
      arrival_rate: amount.nullish(),
      /** Images a second that its pools serve while they are busy. */
      drain_rate: amount.nullable(),
      pools: z.array(z.string()),
    }),
  ),
  /** Of all versions together. */
  arrival_rate: amount.nullish(),
  /** Of jobs that ended in the last minute, from acceptance on. */
  last_minute: z.object({ latency_ms: z.object({ total: percentiles }) }).optional(),
  dead_letters: z.object({ total: amount }).optional(),
  pools: z.array(
    z.object({
      id: z.string(),
      models: z.array(z.string()),
      device: z.string().nullable(),
      in_flight: amount.nullable(),
      images_per_second: amount.nullable(),
      busy: z.record(z.string(), amount),
      started_at: z.string().nullable(),
      state: z.enum(POOL_STATES).nullable(),
      running_for_seconds: amount.nullable(),
      last_settled_at: z.string().nullable(),
    }),
  ),
  redis: z.object({ used_memory_bytes: amount, max_memory_bytes: amount.nullable() }).nullable(),
})
export type ServiceState = z.infer<typeof serviceStateSchema>
export type VersionState = ServiceState['models'][number]
export type PoolState = ServiceState['pools'][number]

/** Waiting or running, of all priorities. */
export function jobsOf({ backlog }: VersionState): number {
  return backlog.high + backlog.normal + backlog.low
}

/** Seconds until what is there now is served; undefined where nobody knows how fast that goes. */
export function etaSeconds(version: VersionState): number | undefined {
  const jobs = jobsOf(version)
  if (jobs === 0) return 0
  return version.drain_rate ? jobs / version.drain_rate : undefined
}
