import type { KnownModel } from '../shared/announcement.ts'
import { arrivalRates, sumOfRates } from '../shared/arrivals.ts'
import { versionId } from '../shared/model-reference.ts'
import { acceptedIn } from '../shared/public-history.ts'
import { type PublicStats, publicWork, type VersionState } from '../shared/public-stats.ts'
import { queueDepth } from '../shared/queue-depth.ts'
import { noWork, sumOfWork } from '../shared/recent-work.ts'
import { type Snapshot, takeSnapshot, workByVersion } from '../shared/snapshot.ts'
import type { Backlog, LivePool, QueueState, Statistics } from '../shared/statistics.ts'
import type { ListedModel } from './model-directory.ts'

/** What was asked of Redis: the versions whose queues are told, in the same order. */
export interface SeenStatistics {
  models: readonly ListedModel[]
  versions: readonly KnownModel[]
  statistics: Statistics
}

/** How all is, for who runs the service. `keptWarmSeconds`: as in the depth that machines are scaled by. */
export function statsAnswer(seen: SeenStatistics, keptWarmSeconds: number): PublicStats {
  const { versions, statistics } = seen
  const { nowMs, queues, pools, memory, deadLetters } = statistics
  const work = workByVersion(pools)
  const serving = poolsByVersion(pools)
  const rates = arrivalRates(acceptedIn(snapshotOf(seen)), statistics.snapshots.map(acceptedIn))
  const depth = queueDepth(seenQueues(seen), pools, keptWarmSeconds)
  return {
    at: new Date(nowMs).toISOString(),
    models: versions.map((known, i) => {
      const id = versionId(known.manifest)
      return {
        ...publicVersion(known, queues[i] as QueueState),
        state: versionState(id, seen.models, serving),
        arrival_rate: rates.get(id) ?? null,
        pools: (serving.get(id) ?? []).map((pool) => pool.id),
        last_minute: publicWork(work.get(id) ?? noWork()),
      }
    }),
    queue_depth: { total: depth.total, by_model: depth.byModel },
    arrival_rate: sumOfRates(rates),
    last_minute: publicWork(sumOfWork(work.values())),
    dead_letters: { total: sum(Object.values(deadLetters)), by_model: deadLetters },
    pools: pools.map(publicPool),
    redis: memory && { used_memory_bytes: memory.used, max_memory_bytes: memory.max },
  }
}

/** The same as it is kept for an hour. */
export function snapshotOf(seen: SeenStatistics): Snapshot {
  const { nowMs, pools, memory, deadLetters } = seen.statistics
  const letters = sum(Object.values(deadLetters))
  return takeSnapshot(nowMs, seenQueues(seen), pools, { memory, deadLetters: letters })
}

function seenQueues({ versions, statistics }: SeenStatistics) {
  return versions.map(({ manifest: { name, version } }, i) => {
    const { backlog, accepted } = statistics.queues[i] as QueueState
    return { model: name, version, jobs: jobsIn(backlog), accepted }
  })
}

function publicVersion(
  { manifest: { name, version }, drainRate }: KnownModel,
  { backlog, oldestWaitingMs, accepted }: QueueState,
) {
  return {
    ...{ name, version, backlog, oldest_waiting_seconds: seconds(oldestWaitingMs) },
    ...{ accepted_total: accepted, drain_rate: drainRate },
    eta_seconds: drainRate ? Math.round((10 * jobsIn(backlog)) / drainRate) / 10 : null,
  }
}

/** By `name@version`. Found once for all versions: each of hundreds of pools may serve each of hundreds. */
function poolsByVersion(pools: readonly LivePool[]): Map<string, LivePool[]> {
  const serving = new Map<string, LivePool[]>()
  for (const pool of pools)
    for (const id of new Set(pool.models)) {
      const known = serving.get(id)
      if (known) known.push(pool)
      else serving.set(id, [pool])
    }
  return serving
}

function versionState(
  id: string,
  models: readonly ListedModel[],
  pools: ReadonlyMap<string, readonly LivePool[]>,
): VersionState {
  const serving = pools.get(id) ?? []
  if (serving.some(({ state }) => state === 'ok' || state === null)) return 'live'
  if (serving.length > 0) return serving.some(({ state }) => state === 'slow') ? 'slow' : 'stuck'
  const model = models.find(({ versions }) => versions.some(({ manifest }) => versionId(manifest) === id))
  return model?.versions.some(({ manifest }) => pools.has(versionId(manifest))) ? 'retiring' : 'waiting'
}

function publicPool(pool: LivePool): PublicStats['pools'][number] {
  return {
    id: pool.id,
    models: pool.models,
    device: pool.device,
    in_flight: pool.inFlight,
    images_per_second: pool.imagesPerSecond,
    busy: pool.busy,
    started_at: isoTime(pool.startedAt),
    state: pool.state,
    running_for_seconds: seconds(pool.runningMs),
    last_settled_at: isoTime(pool.lastSettledAt),
  }
}

function jobsIn(backlog: Backlog): number {
  return sum(Object.values(backlog))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

/** To a tenth. */
function seconds(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms / 100) / 10
}
