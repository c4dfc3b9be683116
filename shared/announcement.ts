import * as z from 'zod'
import { type ModelManifest, modelManifestSchema } from './model-manifest.ts'
import { versionId } from './model-reference.ts'
import { encodeWork, type RecentWork } from './recent-work.ts'

/** What pools tell the edge through Redis, and how long it is believed. Milliseconds. */

/** A pool says this often what it serves; an idle pool talks to Redis no more than that. */
export const ANNOUNCE_EVERY_MS = 30_000
/** A pool of which nothing has been heard for so long is taken for dead: two announcements may get lost. */
export const POOL_TTL_MS = 75_000
/** A manifest is known for so long after the last announcement: pools may be scaled to zero for weeks, and a job must still wake one. */
export const MANIFEST_TTL_MS = 90 * 24 * 3_600_000
/** One is known for no longer than this once pools serve other versions of its model, and none this one. */
export const SUPERSEDED_TTL_MS = 7 * 24 * 3_600_000
/** How old an edge's picture may be: within this time it sees a new version, and sends no more jobs to a withdrawn one. */
export const MODELS_FRESH_MS = 5_000

/**
 * `slow`: a run of a model takes far longer than they did lately, and may still end. `stuck`: it has taken longer than STUCK_SECONDS, and nobody
 * believes that it will; the pool is as good as gone until it is replaced.
 */
export const POOL_STATES = ['ok', 'slow', 'stuck'] as const
export type PoolState = (typeof POOL_STATES)[number]

/** Whether a pool gets on. */
export interface PoolProgress {
  state: PoolState
  /** How long the longest run of a model that is under way has taken so far; 0 if there is none. */
  runningMs: number
  /** How long ago a batch was settled; null if none was. */
  settledMsAgo: number | null
}

/** How a pool is doing, for whoever looks at the pools together. Spans and no times: what clock a pool has is nobody's business. */
export interface PoolLoad extends PoolProgress {
  /** What it runs on, in words. */
  device: string
  /** Jobs claimed and not settled. */
  inFlight: number
  /** Over the last minute or so. */
  imagesPerSecond: number
  /** Images a second that it settles while it is busy, by `name@version`; of a version that has not run here yet it is not known. */
  drainRates: Record<string, number>
  /** How much of what it could do it did since it told last, from 0 to 1, by `name@version`: images served by images it would have. */
  busy: Record<string, number>
  /** What it did in the last minute, by `name@version`. */
  recent: Record<string, RecentWork>
  /** How long it has been running. */
  upMs: number
}

/** A version of a model that pools have announced. */
export interface KnownModel {
  manifest: ModelManifest
  /** When a pool announced it last, by Redis' clock. */
  seenAt: number
  /** Ids of the live pools that serve it; none while all are scaled to zero. Those that are stuck are not among them. */
  pools: string[]
  /** Ids of those that would serve it, and are stuck. */
  stuckPools: string[]
  /** Images a second that the live pools settle together while they are busy; null where none has told. */
  drainRate: number | null
}

const poolRecordSchema = z.object({
  models: z.array(z.string()),
  drain_rates: z.record(z.string(), z.number().positive()).catch({}),
  state: z.string().catch(''),
})

/** A pool as it stands in the hash of pools. */
export function poolRecord(manifests: readonly ModelManifest[], load: PoolLoad): string {
  return JSON.stringify({
    models: manifests.map(versionId),
    device: load.device,
    in_flight: load.inFlight,
    images_per_second: load.imagesPerSecond,
    drain_rates: load.drainRates,
    busy: load.busy,
    recent: Object.fromEntries(Object.entries(load.recent).map(([id, work]) => [id, encodeWork(work)])),
    up_ms: load.upMs,
    state: load.state,
    running_ms: load.runningMs,
    settled_ms_ago: load.settledMsAgo,
  })
}

/**
 * The two hashes of announcements at Redis' time `nowMs`, as one list by name. What this version cannot read (announced by a newer
 * pool) is left out rather than failing all others.
 */
export function readAnnouncements(
  models: Readonly<Record<string, string>>,
  workers: Readonly<Record<string, string>>,
  nowMs: number,
): KnownModel[] {
  const pools = Object.entries(workers).flatMap(([id, record]) => {
    const { until, json } = split(record)
    const read = until > nowMs ? poolRecordSchema.safeParse(parsed(json)).data : undefined
    if (!read) return []
    const rates = new Map(Object.entries(read.drain_rates))
    return [{ id, serves: new Set(read.models), rates, isStuck: read.state === 'stuck' }]
  })
  return Object.entries(models)
    .flatMap(([id, announced]) => {
      const { until, json: rest } = split(announced)
      const { until: seenAt, json } = split(rest)
      const manifest = until > nowMs ? modelManifestSchema.safeParse(parsed(json)).data : undefined
      if (!manifest || versionId(manifest) !== id) return []
      const [stuck, serving] = partition(
        pools.filter(({ serves }) => serves.has(id)),
        ({ isStuck }) => isStuck,
      )
      const rates = serving.flatMap(({ rates }) => rates.get(id) ?? [])
      return [
        {
          manifest,
          seenAt,
          pools: serving.map((pool) => pool.id).sort(),
          stuckPools: stuck.map((pool) => pool.id).sort(),
          drainRate: rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate),
        },
      ]
    })
    .sort((a, b) => a.manifest.name.localeCompare(b.manifest.name))
}

/** Those for which it holds, and the others. */
function partition<T>(all: readonly T[], holds: (item: T) => boolean): [T[], T[]] {
  return [all.filter(holds), all.filter((item) => !holds(item))]
}

/** `<until, ms> <rest>`; a text that is not has been over for ever. */
function split(text: string): { until: number; json: string } {
  const space = text.indexOf(' ')
  const until = Number(text.slice(0, Math.max(0, space)))
  return { until: Number.isFinite(until) ? until : 0, json: text.slice(space + 1) }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
