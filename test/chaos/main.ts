import { randomInt } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runToEnd } from '../../bench/interruption.ts'
import { describeMachine, formatTable, thisMachine } from '../../bench/report.ts'
import { definedVariables } from '../../local-stack/defined-variables.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { OFFENCES, type Verdict } from './checker.ts'
import { describeFault } from './fault-plan.ts'
import { figuresOf } from './figures.ts'
import { HELP, readOptions } from './options.ts'
import { type ChaosRun, runChaos } from './run.ts'

/** Lines of each kind of offence that are printed; all are in the JSON file. */
const SHOWN = 10

/** Entry: `npm run chaos`. Ends with exit 1 unless all is well. */
async function main(signal: AbortSignal): Promise<void> {
  const options = await readOptions(process.argv.slice(2), () => randomInt(2 ** 32 - 1))
  if (!options) return console.log(HELP)
  const { settings, json } = options
  const folder = join(PROJECT_ROOT, '.edgebatch', 'chaos')
  await rm(folder, { recursive: true, force: true })
  console.error(`seed ${settings.seed}`)
  const run = await runChaos(settings, {
    folder,
    env: definedVariables(process.env),
    signal,
    onProgress: (line) => console.error(line),
  })
  signal.throwIfAborted()
  const seed = `seed ${settings.seed}: the same requests and faults again with --jobs ${settings.requests} --seed ${settings.seed}; when they meet is real`
  console.log(['', formatTable(figuresOf(run)), '', seed, describeMachine(thisMachine())].join('\n'))
  for (const line of run.endings) console.log(`ended by itself: ${line}`)
  if (json) await writeFile(json, `${JSON.stringify(reportOf(run), undefined, 2)}\n`)
  complain(run.verdict)
}

/** What the benches write, and what it takes to look into a failure. */
function reportOf(run: ChaosRun) {
  const { settings, planned, verdict, endings } = run
  return {
    ...{ name: 'chaos', machine: thisMachine(), rows: figuresOf(run) },
    ...{ settings, plan: planned.map(describeFault), verdict, endings },
  }
}

/** Names the first of each kind. Throws if there is any. */
function complain(verdict: Verdict): void {
  const found = OFFENCES.filter((offence) => verdict[offence].length > 0)
  for (const offence of found)
    for (const line of verdict[offence].slice(0, SHOWN)) console.log(`${offence}: ${line}`)
  if (found.length > 0) throw new Error(found.map((kind) => `${verdict[kind].length} ${kind}`).join(', '))
}

runToEnd('chaos', main)
