import { definedVariables } from '../../local-stack/defined-variables.ts'
import { prepareSetup } from '../bench-setup.ts'
import { runToEnd } from '../interruption.ts'
import { busyShare, loadWarning } from '../machine-load.ts'
import { describeMachine, formatTable, thisMachine, writeReport } from '../report.ts'
import { findings } from './findings.ts'
import { HELP, readOptions } from './options.ts'
import { soak } from './phases.ts'
import { rowsOf } from './rows.ts'

/** Entry: `npm run soak`. */
async function main(signal: AbortSignal): Promise<void> {
  const options = await readOptions(process.argv.slice(2))
  if (!options) return console.log(HELP)
  const busyBefore = await busyShare(signal)
  const env = definedVariables(process.env)
  const onProgress = (line: string) => console.error(line)
  const figures = await soak(await prepareSetup({ env, threads: undefined, signal, onProgress }), options)
  const warning = loadWarning(busyBefore, await busyShare(signal))
  const rows = rowsOf(figures)
  const machine = thisMachine()
  const shared = 'What makes the calls runs on the same cores as what answers them ("cores busy: load").'
  const lines = ['', formatTable(rows), '', describeMachine(machine), shared, warning]
  console.log(lines.filter((line) => line !== undefined).join('\n'))
  if (options.json) await writeReport(options.json, { name: 'soak', machine, rows })
  const wrong = findings(figures)
  if (wrong.length > 0) throw new Error(`plainly wrong:\n  ${wrong.join('\n  ')}`)
}

runToEnd('soak', main)
