import type { DeadLetter } from '../../shared/dead-letters.ts'
import { versionId } from '../../shared/model-reference.ts'
import { table } from '../table.ts'

const HEADINGS = ['JOB', 'MODEL', 'REASON', 'ATTEMPTS', 'AT', 'POOL', 'INPUT']

/** Letters as a table, a line each. */
export function letterTable(letters: readonly DeadLetter[]): string[] {
  return table([HEADINGS, ...letters.map(cells)])
}

function cells(letter: DeadLetter): string[] {
  const { id, model, modelVersion, reason, attempts, at, pool } = letter
  const version = versionId({ name: model, version: modelVersion })
  return [id, version, reason, String(attempts), second(at), pool || '-', inputSize(letter)]
}

/** To the second, UTC. `ms` since the epoch. */
function second(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

export function inputSize({ inputBytes }: Pick<DeadLetter, 'inputBytes'>): string {
  return inputBytes === undefined ? 'expired' : `${Math.ceil(inputBytes / 1024)} KiB`
}
