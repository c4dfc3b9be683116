import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import onnxRuntime from 'onnxruntime-node/package.json' with { type: 'json' }

/** One figure. `reference` is what it is held against, measured in the same run; null where there is nothing to hold it against. */
export interface Row {
  case: string
  metric: string
  value: number
  unit: string
  reference: number | null
  /** value / reference; of several rounds, the median of each round's ratio. */
  ratio: number | null
}

export interface Machine {
  cpu: string
  /** As many as the system shows, hyper-threads included. */
  cores: number
  node: string
  onnxruntime: string
}

export interface Report {
  name: string
  machine: Machine
  rows: Row[]
}

export function thisMachine(): Machine {
  const cores = cpus()
  return {
    cpu: cores[0]?.model.trim() || 'unknown CPU',
    cores: cores.length,
    node: process.versions.node,
    onnxruntime: onnxRuntime.version,
  }
}

export function describeMachine({ cpu, cores, node, onnxruntime }: Machine): string {
  return `${cpu}, ${cores} cores, node ${node}, onnxruntime ${onnxruntime}`
}

/** A table for people. A case is named in its first row only. */
export function formatTable(rows: readonly Row[]): string {
  const header = ['case', 'metric', 'value', 'unit', 'reference', 'ratio']
  const cells = rows.map((row, i) => [
    row.case === rows[i - 1]?.case ? '' : row.case,
    row.metric,
    formatNumber(row.value),
    row.unit,
    formatNumber(row.reference),
    row.ratio === null ? '–' : row.ratio.toFixed(3),
  ])
  const widths = header.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)),
  )
  const lines = [header, widths.map((width) => '-'.repeat(width)), ...cells]
  return lines.map((line) => formatLine(line, widths)).join('\n')
}

/** The columns that hold numbers: value, reference, ratio. */
const NUMERIC = new Set([2, 4, 5])

function formatLine(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, column) => {
    const width = widths[column] ?? 0
    return NUMERIC.has(column) ? cell.padStart(width) : cell.padEnd(width)
  })
  return padded.join('  ').trimEnd()
}

function formatNumber(value: number | null): string {
  if (value === null) return '–'
  return value.toFixed(Math.abs(value) < 100 ? 2 : 1)
}

/** The same figures for programs, unrounded. */
export async function writeReport(file: string, report: Report): Promise<void> {
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`)
}
