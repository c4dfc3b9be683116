import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import * as z from 'zod'
import { definedVariables } from '../../local-stack/defined-variables.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { positiveInteger } from '../../shared/read-configuration.ts'
import { jsonFile, readArguments } from '../arguments.ts'
import { runToEnd } from '../interruption.ts'
import { busyShare, loadWarning } from '../machine-load.ts'
import { describeMachine, formatTable, type Row, thisMachine, writeReport } from '../report.ts'
import { measureAccuracy, photosIn } from './accuracy.ts'
import { makeBenchFiles } from './bench-files.ts'
import { bundleDecodeWorker, startEdgeIsolate } from './edge-isolate.ts'
import { measureSpeed } from './speed.ts'

const HELP = `npm run bench:images -- [options]

Holds the edge's photo pipeline, in workerd, against sharp on the same files:
  speed     CPU time of decoding and resizing to 224 x 224, in alternating rounds; the first photo in a fresh isolate; WASM memory
  accuracy  difference of the result to sharp at full quality (shrink-on-load off), per file and kernel

  --rounds N     rounds of each file (default 7)
  --only PART    speed or accuracy (default: both)
  --photos DIR   photos for accuracy (default: examples)
  --json FILE    write the figures there as well
  --help         this text

Linux only: CPU time is read from /proc.`

const optionsSchema = z.object({
  rounds: positiveInteger.default(7),
  only: z.enum(['speed', 'accuracy'], { error: 'must be speed or accuracy' }).optional(),
  photos: z.string().min(1).default(join(PROJECT_ROOT, 'examples')),
  json: jsonFile,
})

/** Entry: `npm run bench:images`. */
async function main(signal: AbortSignal): Promise<void> {
  const options = await readArguments(process.argv.slice(2), optionsSchema)
  if (!options) return console.log(HELP)
  const env = definedVariables(process.env)
  const folder = join(PROJECT_ROOT, '.edgebatch', 'bench-images')
  await rm(folder, { recursive: true, force: true })
  const photos = await photosIn(options.photos)
  const busyBefore = await busyShare(signal)
  const bundle = await bundleDecodeWorker(folder, env)
  const startIsolate = () => startEdgeIsolate(bundle, folder, env)
  const onProgress = (line: string) => console.error(line)
  const files = await makeBenchFiles()
  const rows: Row[] = []
  if (options.only !== 'accuracy') {
    rows.push(...(await measureSpeed(files, { rounds: options.rounds, startIsolate, signal, onProgress })))
  }
  if (options.only !== 'speed') {
    const isolate = await startIsolate()
    rows.push(...(await measureAccuracy([...photos, ...files], isolate, signal)))
    await isolate.stop()
  }
  const warning = loadWarning(busyBefore, await busyShare(signal))
  const machine = thisMachine()
  const versions = `${describeMachine(machine)}, sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`
  console.log(['', formatTable(rows), '', versions, warning].filter((line) => line !== undefined).join('\n'))
  if (options.json) await writeReport(options.json, { name: 'bench:images', machine, rows })
}

runToEnd('bench:images', main)
