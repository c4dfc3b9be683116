import * as z from 'zod'
import type { QueueName } from './job-queue.ts'
import type { Priority } from './priority.ts'

/** A pool that lives, as it has announced itself. */
export interface LivePool {
  id: string
  /** `name@version` of what it serves. */
  models: string[]
  /** What it runs on, in words; null where it does not say, as with all that follows. */
  device: string | null
  /** Jobs claimed and not settled. */
  inFlight: number | null
  imagesPerSecond: number | null
  /** What it did of what it could, from 0 to 1, by `name@version`; empty where it does not say. */
  busy: Record<string, number>
  /** Since it settled something last, or started. */
  idleSeconds: number | null
  /** By its own clock, in ms since the epoch. */
  startedAt: number | null
}

/** Jobs waiting or running, by the priority of their queue. */
export type Backlog = Record<Priority, number>

export interface StatisticsReader {
  /** `backlogs` in the order of the versions. Throws RedisUnreachableError or RedisReplyError. */
  read(versions: readonly QueueName[]): Promise<{ backlogs: Backlog[]; pools: LivePool[] }>
}

const recordSchema = z.object({
  models: z.array(z.string()),
  device: z.string().nullable().catch(null),
  in_flight: z.number().nullable().catch(null),
  images_per_second: z.number().nullable().catch(null),
  busy: z.record(z.string(), z.number().min(0).max(1)).catch({}),
  idle_seconds: z.number().nullable().catch(null),
  started_at: z.number().nullable().catch(null),
})

/** The hash of pools at Redis' time `nowMs`, by id. A record that cannot be read is left out. */
export function readPools(workers: Readonly<Record<string, string>>, nowMs: number): LivePool[] {
  return Object.entries(workers)
    .flatMap(([id, text]) => {
      const [, until, json] = /^(\d+) (.*)$/s.exec(text) ?? []
      const record = Number(until) > nowMs ? parsedRecord(json ?? '') : undefined
      return record ? [{ id, ...record }] : []
    })
    .sort((a, b) => a.id.localeCompare(b.id))
}

function parsedRecord(json: string): Omit<LivePool, 'id'> | undefined {
  try {
    const {
      in_flight: inFlight,
      images_per_second: imagesPerSecond,
      idle_seconds: idleSeconds,
      started_at: startedAt,
      ...rest
    } = recordSchema.parse(JSON.parse(json))
    return { ...rest, inFlight, imagesPerSecond, idleSeconds, startedAt }
  } catch {
    return undefined
  }
}
