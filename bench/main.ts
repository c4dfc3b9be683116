import { definedVariables } from '../local-stack/defined-variables.ts'
import { prepareSetup } from './bench-setup.ts'
import { runToEnd } from './interruption.ts'
import { measureLatency } from './latency.ts'
import { busyShare, loadWarning } from './machine-load.ts'
import { type BenchOptions, HELP, readOptions } from './options.ts'
import { describeMachine, formatTable, type Row, thisMachine, writeReport } from './report.ts'
import { measureThroughput } from './throughput.ts'

/** Entry: `npm run bench`. */
async function main(signal: AbortSignal): Promise<void> {
  const options = await readOptions(process.argv.slice(2))
  if (!options) return console.log(HELP)
  const busyBefore = await busyShare(signal)
  const rows = await measure(options, signal)
  const warning = loadWarning(busyBefore, await busyShare(signal))
  const machine = thisMachine()
  const lines = ['', formatTable(rows), '', describeRun(options), describeMachine(machine), warning]
  console.log(lines.filter((line) => line !== undefined).join('\n'))
  if (options.json) await writeReport(options.json, { name: 'bench', machine, rows })
}

async function measure(options: BenchOptions, signal: AbortSignal): Promise<Row[]> {
  const { rounds, images, requests, threads, only } = options
  const onProgress = (line: string) => console.error(line)
  const setup = await prepareSetup({ env: definedVariables(process.env), threads, signal, onProgress })
  return [
    ...(only === 'latency' ? [] : await measureThroughput(setup, rounds, images)),
    ...(only === 'throughput' ? [] : await measureLatency(setup, rounds, requests)),
  ]
}

function describeRun({ rounds, requests, threads, only }: BenchOptions): string {
  const parts = [
    ...(only === 'latency' ? [] : [`throughput: medians of ${rounds} alternating rounds`]),
    ...(only === 'throughput' ? [] : [`latency: ${requests} requests in ${rounds} alternating blocks`]),
    `threads of one operator: ${threads ?? "ONNX Runtime's choice"}`,
  ]
  return parts.join('; ')
}

runToEnd('bench', main)
