import * as z from 'zod'
import { POOL_STATES, POOL_TTL_MS, type PoolState } from './announcement.ts'
import type { QueueName } from './job-queue.ts'
import type { Priority } from './priority.ts'
import { encodedWorkSchema, type RecentWork } from './recent-work.ts'
import type { Snapshot } from './snapshot.ts'

/** A pool that lives, as it has announced itself. Times are ms since the epoch, by Redis' clock. */
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
  /** What it did in the minute before it announced itself, by `name@version`; of those of which it did anything. */
  recent: Record<string, RecentWork>
  startedAt: number | null
  state: PoolState | null
  /** How long the longest run that is under way has taken so far, in ms. */
  runningMs: number | null
  /** When it last settled a batch; null also if it never has. */
  lastSettledAt: number | null
  /** For how long it has settled nothing, or been there, in ms. */
  idleMs: number | null
}

/** Jobs waiting or running, by the priority of their queue. */
export type Backlog = Record<Priority, number>

/** What waits for a version. */
export interface QueueState {
  backlog: Backlog
  /** For how long the oldest job that no pool has taken yet waits, in ms; null if there is none. */
  oldestWaitingMs: number | null
  /** Jobs that its queues ever had; from 0 again where one was forgotten, having been empty for long. Null where Redis does not tell (before 7.0). */
  accepted: number | null
}

/** What Redis takes in memory, in bytes. */
export interface RedisMemory {
  used: number
  /** At which it refuses more; null if nothing is set. */
  max: number | null
}

export interface Statistics {
  /** Of Redis' clock, ms. */
  nowMs: number
  /** In the order of the versions. */
  queues: QueueState[]
  pools: LivePool[]
  /** Null where Redis does not tell. */
  memory: RedisMemory | null
  /** How many there are, by model. */
  deadLetters: Record<string, number>
  /** The latest two that are kept, older first. */
  snapshots: Snapshot[]
}

export interface StatisticsReader {
  /** Throws RedisUnreachableError or RedisReplyError. */
  read(versions: readonly QueueName[]): Promise<Statistics>
}

/** Ten years: a moment so long ago is still one that a Date can be. */
const MOST_MS = 10 * 365 * 86_400_000
const span = z.number().nonnegative().max(MOST_MS).nullable().catch(null)
const recordSchema = z.object({
  models: z.array(z.string()),
  device: z.string().nullable().catch(null),
  in_flight: z.number().nullable().catch(null),
  images_per_second: z.number().nullable().catch(null),
  busy: z.record(z.string(), z.number().min(0).max(1)).catch({}),
  recent: z.record(z.string(), encodedWorkSchema).catch({}),
  up_ms: span,
  state: z.enum(POOL_STATES).nullable().catch(null),
  running_ms: span,
  settled_ms_ago: span,
})

/** The hash of pools at Redis' time `nowMs`, by id. A record that cannot be read is left out. */
export function readPools(workers: Readonly<Record<string, string>>, nowMs: number): LivePool[] {
  return Object.entries(workers)
    .flatMap(([id, text]) => {
      const [, until, json] = /^(\d+) (.*)$/s.exec(text) ?? []
      const read = Number(until) > nowMs ? parsedRecord(json ?? '') : undefined
      // Pools announce themselves for POOL_TTL_MS; one that does so for longer has not done so in the future.
      return read ? [livePool(id, read, Math.min(nowMs, Number(until) - POOL_TTL_MS), nowMs)] : []
    })
    .sort((a, b) => a.id.localeCompare(b.id))
}

/** As scripts return it: -1 for what Redis does not tell, and 0 for no limit. */
export type StoredMemory = [usedBytes: number, maxBytes: number]

export function readMemory([used, max]: StoredMemory): RedisMemory | null {
  return used < 0 ? null : { used, max: max > 0 ? max : null }
}

function livePool(id: string, record: PoolRecord, announcedAt: number, nowMs: number): LivePool {
  const {
    models,
    device,
    in_flight: inFlight,
    images_per_second: imagesPerSecond,
    busy,
    recent,
    state,
  } = record
  const before = (span: number | null) => (span === null ? null : announcedAt - span)
  // What has come to be slow is told at once when it ends: until then, it goes on. Any other run is long over by now.
  const since = state === 'slow' || state === 'stuck' ? nowMs - announcedAt : 0
  const idleMs = record.settled_ms_ago ?? record.up_ms
  return {
    ...{ id, models, device, inFlight, imagesPerSecond, busy, recent, state },
    startedAt: before(record.up_ms),
    runningMs: record.running_ms === null ? null : record.running_ms + since,
    lastSettledAt: before(record.settled_ms_ago),
    idleMs: idleMs === null ? null : nowMs - announcedAt + idleMs,
  }
}

type PoolRecord = z.infer<typeof recordSchema>

function parsedRecord(json: string): PoolRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(json))
  } catch {
    return undefined
  }
}
