import { definedVariables } from '../../local-stack/defined-variables.ts'
import { prepareSetup } from '../bench-setup.ts'
import { runToEnd } from '../interruption.ts'
import { busyShare, loadWarning } from '../machine-load.ts'
import { describeMachine, formatTable, type Row, thisMachine, writeReport } from '../report.ts'
import { measureCost } from './cost.ts'
import { measureDelay } from './delay.ts'
import { measureEta } from './eta.ts'
import { measureInputBytes } from './input-bytes.ts'
import { type ApiBenchOptions, HELP, PARTS, readOptions } from './options.ts'

/** Entry: `npm run bench:api` and `npm run bench:cost`. */
async function main(signal: AbortSignal): Promise<void> {
  const options = await readOptions(process.argv.slice(2))
  if (!options) return console.log(HELP)
  const busyBefore = await busyShare(signal)
  const rows = await measure(options, signal)
  const warning = loadWarning(busyBefore, await busyShare(signal))
  const machine = thisMachine()
  const lines = ['', formatTable(rows), '', describeMachine(machine), warning]
  console.log(lines.filter((line) => line !== undefined).join('\n'))
  if (options.json) await writeReport(options.json, { name: 'bench:api', machine, rows })
}

async function measure(
  { requests, waits, jobs, only }: ApiBenchOptions,
  signal: AbortSignal,
): Promise<Row[]> {
  const onProgress = (line: string) => console.error(line)
  const env = definedVariables(process.env)
  const setup = await prepareSetup({ env, threads: undefined, signal, onProgress })
  const parts = only ? [only] : PARTS
  const rows: Row[] = []
  if (parts.includes('cost'))
    rows.push(...(await measureCost(setup, requests)), ...(await measureInputBytes(setup, requests)))
  if (parts.includes('delay')) rows.push(...(await measureDelay(setup, waits)))
  if (parts.includes('eta')) rows.push(...(await measureEta(setup, jobs)))
  return rows
}

runToEnd('bench:api', main)
