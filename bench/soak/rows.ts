import type { Row } from '../report.ts'
import { sum } from '../statistics.ts'
import { CALL_KINDS } from './call-kinds.ts'
import { percentileRows, type RowOf, rowsIn } from './case-rows.ts'
import type { CallRecord } from './load.ts'
import { overloadRows } from './overload-rows.ts'
import type { LoadPhase, SoakFigures } from './phases.ts'
import type { StackSample } from './stack-watch.ts'

/** Every figure of a soak. */
export function rowsOf(figures: SoakFigures): Row[] {
  const { capacity, maxBacklog, uploadWaitSeconds, keyRate, before, steady, overload, quiet } = figures
  const calibrated = rowsIn('capacity, 64 calls at a time')
  const settings = rowsIn('settings')
  const left = rowsIn('keys left')
  return [
    calibrated('images', capacity.imagesPerSecond, '1/s'),
    calibrated('calls', capacity.callsPerSecond, '1/s'),
    settings('MAX_BACKLOG', maxBacklog, 'jobs'),
    settings('MAX_UPLOAD_WAIT_SECONDS', uploadWaitSeconds, 's'),
    settings("the API key's rate", keyRate, '1/s'),
    ...loadRows('steady', steady, capacity.imagesPerSecond),
    ...loadRows('overload', overload, capacity.imagesPerSecond),
    ...overloadRows(figures),
    ...memoryRows('after steady, beside before', before, steady.after),
    ...memoryRows('in overload, at most', before, overload.usage.peak),
    ...memoryRows(`after ${Math.round(quiet.seconds)} s of quiet`, before, quiet.after),
    ...Object.entries(quiet.keys.byKind).map(([kind, n]) => left(kind, n, '')),
  ]
}

function loadRows(name: string, phase: LoadPhase, capacity: number): Row[] {
  const { records, perSecond, seconds, usage } = phase
  const row = rowsIn(`${name}, ${seconds} s`)
  const good = records.filter(({ failure }) => !failure)
  const inTime = records.filter(({ endedMs }) => endedMs <= 1000 * seconds)
  const late = records.map(({ lateMs }) => lateMs)
  return [
    row('calls begun', records.length / seconds, '1/s', perSecond),
    row('images served meanwhile', sum(inTime.map(({ images }) => images)) / seconds, '1/s', capacity),
    ...CALL_KINDS.flatMap((kind) => {
      const ms = good.filter((record) => record.kind === kind).map((record) => record.ms)
      if (ms.length === 0) return []
      return [
        row(`${kind}, calls that went well`, ms.length, ''),
        ...percentileRows(row, `  ${kind}`, ms, { ps: [50, 95, 99] }),
      ]
    }),
    ...failureRows(row, records),
    ...percentileRows(row, 'begun too late by the generator', late, { ps: [99] }),
    ...Object.entries(usage.cores).map(([part, cores]) => row(`cores busy: ${part}`, cores, '')),
  ]
}

/** What calls ended with in the end, refusals by problem code. */
function failureRows(row: RowOf, records: readonly CallRecord[]): Row[] {
  const counts = new Map<string, number>()
  for (const { failure } of records) {
    if (!failure) continue
    const what = `${failure.way}: ${failure.what}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([what, n]) => row(what, n, ''))
}

function memoryRows(name: string, before: StackSample, after: StackSample): Row[] {
  const row = rowsIn(name)
  const parts = Object.entries(after.parts)
  return [
    ...parts.map(([part, { rssMiB }]) => row(`${part}, resident`, rssMiB, 'MiB', before.parts[part]?.rssMiB)),
    ...(after.isolateMiB === undefined
      ? []
      : [row("workerd, the edge's isolate without garbage", after.isolateMiB, 'MiB', before.isolateMiB)]),
    row('redis, used_memory', after.redisMiB, 'MiB', before.redisMiB),
    ...parts.map(([part, { fds }]) => row(`${part}, open files`, fds, '', before.parts[part]?.fds)),
  ]
}
