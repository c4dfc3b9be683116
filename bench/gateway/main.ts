import { runToEnd } from '../interruption.ts'
import { busyShare, loadWarning } from '../machine-load.ts'
import { describeMachine, formatTable, type Row, thisMachine, writeReport } from '../report.ts'
import { measureIdleStreams } from './idle-streams.ts'
import { measureLatency } from './latency.ts'
import { type GatewayBenchOptions, HELP, PARTS, readOptions } from './options.ts'
import { measureThroughput } from './throughput.ts'

/** Entry: `npm run bench:gateway`. */
async function main(signal: AbortSignal): Promise<void> {
  const options = await readOptions(process.argv.slice(2))
  if (!options) return console.log(HELP)
  const busyBefore = await busyShare(signal)
  const rows = await measure(options, signal)
  const warning = loadWarning(busyBefore, await busyShare(signal))
  const machine = thisMachine()
  const run = `latency, throughput: medians of ${options.rounds} alternating rounds`
  const lines = ['', formatTable(rows), '', run, describeMachine(machine), warning]
  console.log(lines.filter((line) => line !== undefined).join('\n'))
  if (options.json) await writeReport(options.json, { name: 'bench:gateway', machine, rows })
}

async function measure(options: GatewayBenchOptions, signal: AbortSignal): Promise<Row[]> {
  const { rounds, requests, seconds, streams, only } = options
  const parts = only ? [only] : PARTS
  const rows: Row[] = []
  if (parts.includes('latency')) rows.push(...(await measureLatency(rounds, requests, signal)))
  if (parts.includes('throughput')) rows.push(...(await measureThroughput(rounds, seconds, signal)))
  if (parts.includes('streams')) rows.push(...(await measureIdleStreams(streams, signal)))
  return rows
}

runToEnd('bench:gateway', main)
