import type { Row } from '../report.ts'
import { percentile, sum } from '../statistics.ts'
import { percentileRows, type RowOf, rowsIn } from './case-rows.ts'
import type { CallRecord } from './load.ts'
import type { SoakFigures } from './phases.ts'

const PS = [50, 95, 99, 100]

/** Whether what is accepted is served in time, and what becomes of those who come back as they are told. */
export function overloadRows(figures: SoakFigures): Row[] {
  const { records } = figures.overload
  return [
    ...latencyRows(rowsIn('overload: what is accepted is served in time'), figures),
    ...comingBackRows(
      rowsIn('overload: who comes back when told to'),
      records.filter(({ kind }) => kind !== 'keyed'),
    ),
    ...comingBackRows(
      rowsIn('overload: the same, by an API key with a rate'),
      records.filter(({ kind }) => kind === 'keyed'),
    ),
  ]
}

function latencyRows(row: RowOf, { overload, steady, maxBacklog, uploadWaitSeconds }: SoakFigures): Row[] {
  const waited = ({ kind, failure }: CallRecord) => kind === 'waited' && !failure
  const usual = steady.records.filter(waited).map(({ ms }) => ms)
  const accepted = overload.records.filter(waited)
  const inTime = overload.records.filter(({ endedMs }) => endedMs <= 1000 * overload.seconds)
  const served = sum(inTime.map(({ images }) => images)) / overload.seconds
  if (usual.length === 0 || served === 0) return []
  const service = percentile(usual, 99)
  const inQueue = (1000 * maxBacklog) / served + service
  // Once to be read, and once to be decoded.
  const atEdge = 2 * 1000 * uploadWaitSeconds
  const span = (name: 'untilAccepted' | 'untilEnded') => accepted.map(({ spans }) => spans?.[name] ?? 0)
  return [
    row('bound at the edge: twice MAX_UPLOAD_WAIT_SECONDS', atEdge, 'ms'),
    row('bound in the queue: MAX_BACKLOG / images served a second + p99 in steady', inQueue, 'ms'),
    ...percentileRows(row, 'until accepted', span('untilAccepted'), { ps: PS, reference: atEdge }),
    ...percentileRows(row, 'from there until it ended', span('untilEnded'), { ps: PS, reference: inQueue }),
    ...percentileRows(
      row,
      'in all',
      accepted.map(({ ms }) => ms),
      { ps: PS, reference: atEdge + inQueue },
    ),
  ]
}

function comingBackRows(row: RowOf, records: readonly CallRecord[]): Row[] {
  const back = records.filter(({ obeys, told }) => obeys && told.length > 0)
  if (back.length === 0) return []
  const isIn = ({ failure }: CallRecord) => failure === undefined
  const atOnce = records.filter((record) => record.tries === 1 && isIn(record)).length / records.length
  const by = (tries: number) =>
    back.filter((record) => record.tries <= tries && isIn(record)).length / back.length
  const told = back.flatMap((record) => record.told)
  return [
    row('accepted the first time, of all', atOnce, ''),
    row('refused, and came back', back.length, ''),
    row('accepted when they first came back, of these', by(2), '', atOnce),
    row('accepted when they came back a second time at the latest', by(3), '', atOnce),
    ...percentileRows(row, 'Retry-After', told, { ps: [5, 50, 95, 100], unit: 's' }),
  ]
}
