import type { Row } from '../report.ts'
import { percentile, sum } from '../statistics.ts'
import { CALL_KINDS } from './call-kinds.ts'
import type { CallRecord } from './load.ts'
import type { LoadPhase, SoakFigures } from './phases.ts'

type RowOf = (metric: string, value: number, unit: string, reference?: number) => Row

/** Every figure of a soak. */
export function rowsOf(figures: SoakFigures): Row[] {
  const { capacity, maxBacklog, before, steady, overload, quiet } = figures
  const calibrated = rowsIn('capacity, 64 calls at a time')
  return [
    calibrated('images', capacity.imagesPerSecond, '1/s'),
    calibrated('calls', capacity.callsPerSecond, '1/s'),
    ...loadRows('steady', steady, capacity.imagesPerSecond),
    ...loadRows('overload', overload, capacity.imagesPerSecond),
    ...overloadRows(figures),
    ...memoryRows('memory after steady, beside before', before, steady.after),
    ...memoryRows('memory in overload, at most', before, overload.usage.peak),
    ...memoryRows(`memory after ${Math.round(quiet.seconds)} s of quiet`, before, quiet.after),
    ...Object.entries(quiet.keys.byKind).map(([kind, n]) =>
      rowsIn('keys left, each with a TTL')(kind, n, ''),
    ),
    rowsIn('settings')('MAX_BACKLOG', maxBacklog, 'jobs'),
    rowsIn('settings')("the API key's rate", figures.keyRate, '1/s'),
  ]
}

function loadRows(name: string, phase: LoadPhase, capacity: number): Row[] {
  const { records, perSecond, seconds, usage } = phase
  const row = rowsIn(`${name}, ${seconds} s`)
  const good = records.filter(({ failure }) => !failure)
  const inTime = records.filter(({ endedMs }) => endedMs <= 1000 * seconds)
  return [
    row('calls begun', records.length / seconds, '1/s', perSecond),
    row('images served meanwhile', sum(inTime.map(({ images }) => images)) / seconds, '1/s', capacity),
    ...CALL_KINDS.flatMap((kind) => {
      const ms = good.filter((record) => record.kind === kind).map((record) => record.ms)
      if (ms.length === 0) return []
      return [row(`${kind}, calls that went well`, ms.length, ''), ...percentiles(row, kind, ms)]
    }),
    ...failureRows(row, records),
    row(
      'begun too late by the generator, p99',
      percentile(
        records.map(({ lateMs }) => lateMs),
        99,
      ),
      'ms',
    ),
    ...Object.entries(usage.cores).map(([part, cores]) => row(`cores busy: ${part}`, cores, '')),
  ]
}

function percentiles(row: RowOf, kind: string, ms: readonly number[]): Row[] {
  return [50, 95, 99].map((p) => row(`  ${kind}, p${p}`, percentile(ms, p), 'ms'))
}

/** What calls ended with in the end, by problem code. */
function failureRows(row: RowOf, records: readonly CallRecord[]): Row[] {
  const counts = new Map<string, number>()
  for (const { failure } of records)
    if (failure)
      counts.set(`${failure.way}: ${failure.what}`, (counts.get(`${failure.way}: ${failure.what}`) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a).map(([what, n]) => row(what, n, ''))
}

/** Whether what is accepted is served in time, and what becomes of those who come back as they are told. */
function overloadRows({ overload, steady, maxBacklog }: SoakFigures): Row[] {
  const row = rowsIn('overload: promises')
  const waited = ({ kind, failure }: CallRecord) => kind === 'waited' && !failure
  const service = percentile(
    steady.records.filter(waited).map(({ ms }) => ms),
    99,
  )
  const inTime = overload.records.filter(({ endedMs }) => endedMs <= 1000 * overload.seconds)
  const drainRate = sum(inTime.map(({ images }) => images)) / overload.seconds
  const boundMs = (1000 * maxBacklog) / drainRate + service
  const accepted = overload.records.filter(waited)
  const bound = (p: number) => [
    row(
      `accepted and waited, p${p}`,
      percentile(
        accepted.map(({ ms }) => ms),
        p,
      ),
      'ms',
      boundMs,
    ),
    row(
      '  until accepted',
      percentile(
        accepted.map(({ spans }) => spans?.untilAccepted ?? 0),
        p,
      ),
      'ms',
    ),
    row(
      '  from there until it ended',
      percentile(
        accepted.map(({ spans }) => spans?.untilEnded ?? 0),
        p,
      ),
      'ms',
      boundMs,
    ),
  ]
  return [
    row('bound: MAX_BACKLOG / images served a second + p99 in steady', boundMs, 'ms'),
    ...[50, 95, 99, 100].flatMap(bound),
    ...obedienceRows(row, overload.records),
  ]
}

/** By what they were refused for last. */
function obedienceRows(row: RowOf, records: readonly CallRecord[]): Row[] {
  const first = records.filter(({ kind }) => kind !== 'keyed')
  return [
    ...comeBack(row, 'no key', first),
    ...comeBack(
      row,
      'a key with a rate',
      records.filter(({ kind }) => kind === 'keyed'),
    ),
  ]
}

function comeBack(row: RowOf, who: string, records: readonly CallRecord[]): Row[] {
  const fresh =
    records.filter(({ tries, failure }) => tries === 1 && !failure).length / Math.max(1, records.length)
  const back = records.filter(({ obeys, told }) => obeys && told.length > 0)
  if (back.length === 0) return []
  const told = back.flatMap(({ told }) => told)
  const by = (tries: number) =>
    back.filter((record) => !record.failure && record.tries <= tries).length / back.length
  return [
    row(`${who}: accepted at once`, fresh, ''),
    row(`${who}: refused, and came back when told to`, back.length, ''),
    row(`${who}: accepted by the first time they came back`, by(2), '', fresh),
    row(`${who}: accepted by the second`, by(3), '', fresh),
    ...[50, 95, 100].map((p) => row(`${who}: Retry-After, p${p}`, percentile(told, p), 's')),
  ]
}

function memoryRows(name: string, before: SoakFigures['before'], after: SoakFigures['before']): Row[] {
  const row = rowsIn(name)
  const parts = Object.entries(after.parts)
  return [
    ...parts.map(([part, { rssMiB }]) => row(`${part}, resident`, rssMiB, 'MiB', before.parts[part]?.rssMiB)),
    row('redis, used_memory', after.redisMiB, 'MiB', before.redisMiB),
    ...parts.map(([part, { fds }]) => row(`${part}, open files`, fds, '', before.parts[part]?.fds)),
  ]
}

function rowsIn(name: string): RowOf {
  return (metric, value, unit, reference) => ({
    ...{ case: name, metric, value, unit, reference: reference ?? null },
    ratio: reference === undefined ? null : value / reference,
  })
}
