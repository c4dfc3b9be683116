import { writeFile } from 'node:fs/promises'
import { runToEnd } from '../interruption.ts'
import { formatTable, type Row, thisMachine, writeReport } from '../report.ts'
import { LOAD_CURVES } from './load-curves.ts'
import { CLOUDS } from './machine-types.ts'
import { HELP, readOptions } from './options.ts'
import { svgPlot, textPlot } from './plot.ts'
import { rowsOf, runCase } from './scaling-case.ts'

/** Entry: `npm run simulate:scaling`. */
async function main(): Promise<void> {
  const options = await readOptions(process.argv.slice(2))
  if (!options) return console.log(HELP)
  const { cloud, curve: chosen, machine, variants } = options
  const rows: Row[] = []
  let picture = ''
  for (const curve of LOAD_CURVES.filter(({ name }) => name === (chosen ?? name)))
    for (const each of CLOUDS.filter((name) => name === (cloud ?? name)))
      for (const { label, numbers } of variants) {
        const scalingCase = { cloud: each, curve, numbers, machine }
        const result = runCase(scalingCase)
        const name = [each, curve.name, label].filter(Boolean).join(', ')
        rows.push(...rowsOf(name, scalingCase, result))
        if (chosen !== undefined) console.log(`${name}\n\n${textPlot(result)}\n`)
        picture = svgPlot(name, result)
      }
  console.log(formatTable(rows))
  console.log(
    '\nreference: as many machines as the peak takes, always on. Simulated; not yet run on a real cloud.',
  )
  if (options.svg) await writeFile(options.svg, picture)
  if (options.json)
    await writeReport(options.json, { name: 'simulate:scaling', machine: thisMachine(), rows })
}

runToEnd('simulate:scaling', main)
