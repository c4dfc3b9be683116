import { styleText } from 'node:util'
import { printableLine } from '../printable.ts'
import { jobsOf, type PoolState, type ServiceState } from '../stats/service-state.ts'
import { duration, memory, queueTable, rate } from '../stats/state-text.ts'
import { table } from '../table.ts'
import type { Size } from './screen.ts'

type Style = 'bold' | 'red' | 'yellow' | 'dim'
interface Line {
  text: string
  style?: Style | undefined
}

export interface FrameOptions extends Partial<Size> {
  colour: boolean
  place: string
  /** When the state was read. */
  at: Date
  /** Why there is no newer one. */
  failure?: string | undefined
  /** Whether somebody could press a key. */
  isLive: boolean
}

const POOL_HEADINGS = ['POOL', 'STATE', 'FOR', 'DEVICE', 'JOBS', 'IMG/S', 'BUSY', 'MODELS']

/** All of it as lines for a terminal of that size; without one, as long as it takes. */
export function topFrame(state: ServiceState, options: FrameOptions): string[] {
  const { rows = Number.POSITIVE_INFINITY, columns = Number.POSITIVE_INFINITY, colour } = options
  const head = headLines(state, options)
  const versions = state.models.toSorted((a, b) => jobsOf(b) - jobsOf(a))
  const pools = state.pools.toSorted((a, b) => urgency(b) - urgency(a) || a.id.localeCompare(b.id))
  // Two headings and two empty lines; versions leave at least half of what is left to pools, if those need it.
  const room = Math.max(2, rows - head.length - 4)
  const versionRoom = Math.max(
    1,
    Math.min(versions.length, Math.max(Math.floor(room / 2), room - pools.length)),
  )
  const lines: Line[] = [
    ...head,
    { text: '' },
    ...block(queueTable(versions), versionRoom, 'versions'),
    { text: '' },
    ...block(
      poolTable(pools),
      Math.max(1, room - Math.min(versionRoom, versions.length)),
      'pools',
      pools.map(poolStyle),
    ),
  ]
  return lines.slice(0, rows).map(({ text, style }) => {
    const line = printableLine(text)
    const cut = line.length > columns ? `${line.slice(0, columns - 1)}…` : line
    return style && colour ? styleText(style, cut, { validateStream: false }) : cut
  })
}

function headLines(state: ServiceState, { place, at, failure, isLive }: FrameOptions): Line[] {
  const jobs = state.models.reduce((sum, version) => sum + jobsOf(version), 0)
  const oldest = state.models.map(({ oldest_waiting_seconds: seconds }) => seconds ?? 0)
  const out = state.pools.reduce((sum, pool) => sum + (pool.images_per_second ?? 0), 0)
  const latency = state.last_minute?.latency_ms.total
  const letters = state.dead_letters?.total
  const parts = [
    `${jobs} jobs`,
    `oldest ${duration(jobs === 0 ? undefined : Math.max(...oldest))}`,
    ...(state.arrival_rate === undefined ? [] : [`in ${rate(state.arrival_rate)}/s`]),
    `out ${rate(out)}/s`,
    `${state.pools.length} ${state.pools.length === 1 ? 'pool' : 'pools'}`,
  ]
  const more = [
    ...(latency ? [`latency p50 ${latency.p50} ms, p95 ${latency.p95} ms, p99 ${latency.p99} ms`] : []),
    `Redis ${memory(state.redis)}`,
    ...(letters === undefined ? [] : [`${letters} dead letters`]),
  ]
  const time = `${at.toISOString().slice(11, 19)}Z`
  return [
    { text: `edgebatch top  ${place}  ${time}${isLive ? '  q quits' : ''}`, style: 'bold' },
    { text: parts.join('  ') },
    { text: more.join('  ') },
    ...(failure ? [{ text: failure, style: 'red' as const }] : []),
  ]
}

/** A heading, and rows as far as there is room; what is left out is counted in the last one. */
function block(
  lines: readonly string[],
  room: number,
  what: string,
  styles: readonly (Style | undefined)[] = [],
): Line[] {
  const [heading = '', ...rows] = lines
  const styled = rows.map((text, i) => ({ text, style: styles[i] }))
  if (rows.length === 0)
    return [
      { text: heading, style: 'bold' },
      { text: `no ${what}`, style: 'dim' },
    ]
  if (rows.length <= room) return [{ text: heading, style: 'bold' }, ...styled]
  const shown = styled.slice(0, Math.max(0, room - 1))
  const left: Line = { text: `… and ${rows.length - shown.length} more ${what}`, style: 'dim' }
  return [{ text: heading, style: 'bold' }, ...shown, left]
}

function poolTable(pools: readonly PoolState[]): string[] {
  const rows = pools.map((pool) => [
    pool.id,
    pool.state ?? '-',
    pool.state === 'slow' || pool.state === 'stuck' ? duration(pool.running_for_seconds) : '-',
    pool.device ?? '-',
    pool.in_flight === null ? '-' : String(pool.in_flight),
    rate(pool.images_per_second),
    `${Math.round(100 * busyOf(pool))}%`,
    pool.models.join(','),
  ])
  return table([POOL_HEADINGS, ...rows])
}

/** Of all that it serves together. */
function busyOf({ busy }: PoolState): number {
  return Math.min(
    1,
    Object.values(busy).reduce((sum, share) => sum + share, 0),
  )
}

/** What does not get on comes first, then what has most to do. */
function urgency(pool: PoolState): number {
  return { stuck: 20, slow: 10, ok: 0 }[pool.state ?? 'ok'] + busyOf(pool)
}

function poolStyle({ state }: PoolState): Style | undefined {
  if (state === 'stuck') return 'red'
  return state === 'slow' ? 'yellow' : undefined
}
