import sharp from 'sharp'
import type { PhotoRules } from '../../shared/photo-decoder.ts'
import type { Row } from '../report.ts'
import { median } from '../statistics.ts'
import type { BenchFile } from './bench-files.ts'
import type { EdgeIsolate } from './edge-isolate.ts'

export interface SpeedSetup {
  rounds: number
  startIsolate: () => Promise<EdgeIsolate>
  signal: AbortSignal
  onProgress: (line: string) => void
}

/** Decode and resize to 224 x 224 as sharp's shortest call does: cover, lanczos3. */
const RULES: PhotoRules = {
  resize: { mode: 'cover', size: 224, crop: 224, kernel: 'lanczos3' },
  decode: { at: 'edge', formats: [], truncated: 'refuse' },
}

/** About so much CPU, in milliseconds, makes one measurement: long against what starting and asking costs. */
const MEASUREMENT_MS = 400
/** CPU before measuring: V8 compiles hot WASM a second time, with optimisation, in its first second. */
const WARM_UP_MS = 1_500

/** CPU time of decoding and resizing one file: the edge in workerd beside sharp, in alternating rounds. */
export async function measureSpeed(files: readonly BenchFile[], setup: SpeedSetup): Promise<Row[]> {
  sharp.cache(false)
  sharp.concurrency(1)
  const rows: Row[] = []
  for (const file of files) {
    const isolate = await setup.startIsolate()
    try {
      rows.push(...(await measureFile(file, isolate, setup)))
    } finally {
      await isolate.stop()
    }
  }
  return rows
}

async function measureFile(
  { name, bytes }: BenchFile,
  isolate: EdgeIsolate,
  setup: SpeedSetup,
): Promise<Row[]> {
  const edge = async (times: number) => (await isolate.decode(bytes, RULES, times)).cpuMs
  const first = await edge(1)
  const [edgeTimes, sharpTimes] = [await warmUp(edge), await warmUp((times) => sharpCpuMs(bytes, times))]
  const [ours, theirs]: [number[], number[]] = [[], []]
  for (let round = 0; round < setup.rounds; round++) {
    setup.signal.throwIfAborted()
    theirs.push(await sharpCpuMs(bytes, sharpTimes))
    ours.push(await edge(edgeTimes))
  }
  const { memoryBytes } = await isolate.decode(bytes, RULES, 1)
  const megabytes = Object.values(memoryBytes).reduce((sum, bytes) => sum + bytes, 0) / 2 ** 20
  const row = (metric: string, value: number, unit: string, reference: number | null = null): Row => ({
    ...{ case: `${name}, ${(bytes.length / 1e6).toFixed(2)} MB`, metric, value, unit, reference },
    ratio: null,
  })
  const steady = row('CPU, steady', median(ours), 'ms', median(theirs))
  const ratio = median(ours.map((value, i) => value / (theirs[i] as number)))
  setup.onProgress(`${name}: ${ratio.toFixed(2)} x sharp`)
  return [
    { ...steady, ratio },
    row('CPU, first in an isolate', first, 'ms'),
    row('WASM memory', megabytes, 'MiB'),
  ]
}

/** Runs until warm; returns how many times make a measurement. */
async function warmUp(cpuOf: (times: number) => Promise<number>): Promise<number> {
  let spent = 0
  let each = 0
  for (let times = 1; spent < WARM_UP_MS; times = Math.max(1, Math.round(200 / each))) {
    each = Math.max(await cpuOf(times), 0.1)
    spent += each * times
  }
  return Math.max(3, Math.ceil(MEASUREMENT_MS / each))
}

/** CPU of this process, all of sharp's threads included, a photo; nothing else runs in it meanwhile. */
async function sharpCpuMs(bytes: Uint8Array, times: number): Promise<number> {
  const { size } = RULES.resize
  const before = process.cpuUsage()
  for (let i = 0; i < times; i++) await sharp(bytes).resize(size, size).raw().toBuffer()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / times
}
