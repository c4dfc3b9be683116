import { ratesBetween } from '../../shared/arrivals.ts'
import type { PublicHistory } from '../../shared/public-history.ts'
import type { PublicStats, PublicWork } from '../../shared/public-stats.ts'

/** How a version was, or all of them together, at one moment. Rates are jobs a second, percentiles ms; null is not known. */
export interface Point {
  backlog: number
  arrivals: number | null
  settled: number
  p50: number | null
  p95: number | null
  p99: number | null
}

/** The system at one moment, ms: by `name@version`, and all together under ALL. */
export interface Sample {
  at: number
  /** Bytes. */
  memory: number | null
  points: Readonly<Record<string, Point>>
  /** Jobs that the queues of a version ever had. */
  accepted: Readonly<Record<string, number | null>>
}

export const ALL = ''
/** Pools tell of about a minute. */
const SECONDS_TOLD = 60
/** Over less time, jobs that came are few and rates jump. */
const LEAST_MS = 9_000

/** What was just read. `before`: the samples so far, oldest first, which tell how fast jobs came since. */
export function sampleOfStats(stats: PublicStats, before: readonly Sample[]): Sample {
  const at = Date.parse(stats.at)
  const accepted = Object.fromEntries(stats.models.map((model) => [idOf(model), model.accepted_total]))
  const earlier = before.findLast((sample) => at - sample.at >= LEAST_MS)
  const rates = earlier ? ratesBetween(earlier, { at, accepted }) : new Map<string, number>()
  const versions = stats.models.map((model) => {
    const backlog = sum(Object.values(model.backlog))
    const arrivals = rates.get(idOf(model)) ?? model.arrival_rate
    return [idOf(model), pointOf(model.last_minute, backlog, arrivals)] as const
  })
  const known = versions.flatMap(([, { arrivals }]) => arrivals ?? [])
  const all = pointOf(
    stats.last_minute,
    sum(versions.map(([, { backlog }]) => backlog)),
    known.length > 0 ? sum(known) : null,
  )
  return {
    ...{ at, accepted, memory: stats.redis?.used_memory_bytes ?? null },
    points: { ...Object.fromEntries(versions), [ALL]: all },
  }
}

/** The minutes of the last hour, of which versions have one percentile only. */
export function samplesOfHistory({ minutes }: PublicHistory): Sample[] {
  return minutes.map((minute) => {
    const versions = Object.entries(minute.models).map(([id, version]) => [
      id,
      {
        ...{
          backlog: version.backlog,
          arrivals: version.arrival_rate,
          settled: version.settled / SECONDS_TOLD,
        },
        ...{ p50: null, p95: version.total_ms_p95, p99: null },
      },
    ])
    return {
      ...{ at: Date.parse(minute.at), memory: minute.redis?.used_memory_bytes ?? null, accepted: {} },
      points: {
        ...Object.fromEntries(versions),
        [ALL]: pointOf(minute.last_minute, minute.backlog, minute.arrival_rate),
      },
    }
  })
}

/** What can be added up of what pools did: each minute tells of about the minute before it. */
export type AddedWork = Pick<PublicWork, 'failures' | 'batch_sizes'>

export function workOfHistory({ minutes }: PublicHistory): AddedWork {
  const failures: Record<string, number> = {}
  const batches = new Map<number, number>()
  for (const { last_minute: work } of minutes) {
    for (const [code, count] of Object.entries(work.failures)) failures[code] = (failures[code] ?? 0) + count
    for (const { up_to: upTo, batches: count } of work.batch_sizes)
      batches.set(upTo, (batches.get(upTo) ?? 0) + count)
  }
  const sizes = [...batches].toSorted(([a], [b]) => a - b)
  return { failures, batch_sizes: sizes.map(([upTo, count]) => ({ up_to: upTo, batches: count })) }
}

/** Seconds since the epoch, and the value then; null, which breaks a line, where more than `gapMs` lie between two samples, or nothing is known. */
export interface Columns {
  times: number[]
  column: (read: (point: Point, sample: Sample) => number | null) => (number | null)[]
}

export function columnsOf(samples: readonly Sample[], id: string, gapMs: number): Columns {
  const rows = samples.flatMap((sample, i) => {
    const before = samples[i - 1]
    const isGap = before !== undefined && sample.at - before.at > gapMs
    return isGap
      ? [
          { at: before.at + 1_000, sample: undefined },
          { at: sample.at, sample },
        ]
      : [{ at: sample.at, sample }]
  })
  return {
    times: rows.map(({ at }) => at / 1_000),
    column: (read) =>
      rows.map(({ sample }) => {
        const point = sample?.points[id]
        return sample && point ? read(point, sample) : null
      }),
  }
}

export function idOf({ name, version }: { name: string; version: string }): string {
  return `${name}@${version}`
}

function pointOf(work: PublicWork, backlog: number, arrivals: number | null): Point {
  const { p50, p95, p99 } = work.latency_ms.total ?? { p50: null, p95: null, p99: null }
  return { backlog, arrivals, settled: work.settled / SECONDS_TOLD, p50, p95, p99 }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
