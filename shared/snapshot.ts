import * as z from 'zod'
import type { PoolState } from './announcement.ts'
import type { QueueName } from './job-queue.ts'
import { versionId } from './model-reference.ts'
import { encodedWorkSchema, encodeWork, noWork, type RecentWork, sumOfWork } from './recent-work.ts'
import type { LivePool, RedisMemory } from './statistics.ts'

/** How the system was in one minute, as Redis keeps it for an hour. */
export interface Snapshot {
  /** By Redis' clock, ms. */
  at: number
  /** Jobs waiting or running, of all versions. */
  backlog: number
  pools: Record<PoolState, number>
  /** Null where it was not asked for, as with what follows. */
  memory: RedisMemory | null
  deadLetters: number | null
  /** Of all versions, in the minute before pools told it last. */
  work: RecentWork
  /** By `name@version`, of those with the most to do. */
  versions: Record<string, VersionSnapshot>
}

export interface VersionSnapshot {
  backlog: number
  /** Jobs that its queues ever had, as QueueState has it. */
  accepted: number | null
  settled: number
  /** 95th percentile of a job's time, ms; null where none ended. */
  totalP95: number | null
}

/** A version's queue. */
export interface SeenQueue extends QueueName {
  jobs: number
  accepted: number | null
}

/** A snapshot tells apart so many versions at most: so it has a few kilobytes, however many there are. */
const MOST_VERSIONS = 50
export const MINUTE_MS = 60_000
/** So many snapshots are kept, one a minute at most. */
export const MOST_SNAPSHOTS = 60
/** Those of an hour, however few they are, and some more, since only writing prolongs it. */
export const HISTORY_TTL_MS = 2 * 3_600_000

export interface HistoryStore {
  /** Keeps a snapshot, unless there is one of its minute. Throws RedisUnreachableError or RedisReplyError, as does `read`. */
  record(snapshot: Snapshot): Promise<void>
  /** Those of the last hour, oldest first. */
  read(): Promise<Snapshot[]>
}

export function takeSnapshot(
  at: number,
  queues: readonly SeenQueue[],
  pools: readonly LivePool[],
  more: Pick<Snapshot, 'memory' | 'deadLetters'> = { memory: null, deadLetters: null },
): Snapshot {
  const work = workByVersion(pools)
  const versions = queues.map(({ model, version, jobs, accepted }) => {
    const id = versionId({ name: model, version })
    const { settled, total } = work.get(id) ?? noWork()
    return [id, { backlog: jobs, accepted, settled, totalP95: total.quantile(0.95) }] as const
  })
  const busiest = versions.toSorted(([, a], [, b]) => b.backlog + b.settled - a.backlog - a.settled)
  const inState = (state: PoolState) => pools.filter((pool) => (pool.state ?? 'ok') === state).length
  return {
    at,
    backlog: queues.reduce((sum, { jobs }) => sum + jobs, 0),
    pools: { ok: inState('ok'), slow: inState('slow'), stuck: inState('stuck') },
    ...more,
    work: sumOfWork(work.values()),
    versions: Object.fromEntries(busiest.slice(0, MOST_VERSIONS)),
  }
}

/** What all pools did, by `name@version`. */
export function workByVersion(pools: readonly LivePool[]): Map<string, RecentWork> {
  const told = pools.flatMap(({ recent }) => Object.entries(recent))
  const byId = Map.groupBy(told, ([id]) => id)
  return new Map([...byId].map(([id, works]) => [id, sumOfWork(works.map(([, work]) => work))]))
}

export function encodeSnapshot({ work, ...snapshot }: Snapshot): string {
  return JSON.stringify({ ...snapshot, work: encodeWork(work) })
}

/** Undefined if it cannot be read: a newer edge may have written it. */
export function decodeSnapshot(text: string): Snapshot | undefined {
  try {
    return snapshotSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

const count = z.int().nonnegative()
const snapshotSchema = z.object({
  ...{ at: count, backlog: count, work: encodedWorkSchema },
  pools: z.object({ ok: count, slow: count, stuck: count }),
  memory: z.object({ used: count, max: count.nullable() }).nullable(),
  deadLetters: count.nullable(),
  versions: z.record(
    z.string(),
    z.object({
      ...{ backlog: count, accepted: count.nullable(), settled: count },
      totalP95: z.number().nonnegative().nullable(),
    }),
  ),
})
