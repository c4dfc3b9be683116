import type { Row } from '../report.ts'
import { percentile } from '../statistics.ts'

/** Makes the rows of one case. */
export type RowOf = (metric: string, value: number, unit: string, reference?: number) => Row

export function rowsIn(name: string): RowOf {
  return (metric, value, unit, reference) => ({
    ...{ case: name, metric, value, unit, reference: reference ?? null },
    ratio: reference === undefined ? null : value / reference,
  })
}

/** A row for each percentile; none where there are no values. */
export function percentileRows(
  row: RowOf,
  metric: string,
  values: readonly number[],
  { ps, unit = 'ms', reference }: { ps: readonly number[]; unit?: string; reference?: number | undefined },
): Row[] {
  if (values.length === 0) return []
  return ps.map((p) => row(`${metric}, p${p}`, percentile(values, p), unit, reference))
}
