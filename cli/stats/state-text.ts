import { table } from '../table.ts'
import { etaSeconds, type ServiceState, type VersionState } from './service-state.ts'

const HEADINGS = ['MODEL', 'HIGH', 'NORMAL', 'LOW', 'OLDEST', 'IN/S', 'OUT/S', 'ETA', 'POOLS']

/** A line a version: jobs by priority, how long the oldest waits, jobs in and images out a second, time until all is served. */
export function queueTable(versions: readonly VersionState[]): string[] {
  return table([HEADINGS, ...versions.map(cells)])
}

function cells(version: VersionState): string[] {
  const { name, backlog, oldest_waiting_seconds: oldest, pools } = version
  return [
    `${name}@${version.version}`,
    ...[backlog.high, backlog.normal, backlog.low].map(String),
    duration(oldest),
    rate(version.arrival_rate),
    rate(version.drain_rate),
    duration(etaSeconds(version)),
    pools.length === 0 ? 'none' : String(pools.length),
  ]
}

/** A dash for what is not known, here and below. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '-'
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`
}

export function rate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return '-'
  return perSecond.toFixed(perSecond < 100 ? 1 : 0)
}

/** `12.3 MiB of 256.0 MiB (5%)` */
export function memory(redis: ServiceState['redis']): string {
  if (!redis) return '-'
  const { used_memory_bytes: used, max_memory_bytes: max } = redis
  return max === null
    ? mebibytes(used)
    : `${mebibytes(used)} of ${mebibytes(max)} (${Math.round((100 * used) / max)}%)`
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
