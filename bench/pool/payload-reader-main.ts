import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import * as z from 'zod'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { ensureRedisBinary } from '../../local-stack/redis-binary.ts'
import { startRedis } from '../../local-stack/redis-server.ts'
import { positiveInteger } from '../../shared/read-configuration.ts'
import { base64Length } from '../../worker-pool/redis/base64-into.ts'
import { PayloadReader } from '../../worker-pool/redis/payload-reader.ts'
import { readArguments } from '../arguments.ts'
import { runToEnd } from '../interruption.ts'
import { median } from '../statistics.ts'

const HELP = `node bench/pool/payload-reader-main.ts [options]

Reads tensors (uint8, 224 x 224 x 3) from a Redis of its own, in batches of 32, in alternating rounds: with the pool's
reader, with ioredis, and with redis-benchmark, which only counts what it gets. Images/s, and this process' CPU time an
image; medians.

  --rounds N   rounds of each (default 5)
  --images N   images a round (default 20000)
  --calls N    batches that the pool's reader reads at the same time (default 1)`

const optionsSchema = z.object({
  rounds: positiveInteger.default(5),
  images: positiveInteger.default(20_000),
  calls: positiveInteger.default(1),
})

const LENGTH = 224 * 224 * 3
const BATCH = 32
const ENCODINGS = ['raw', 'base64'] as const

interface Figure {
  perSecond: number
  cpuMicroseconds: number
}

type ReadBatch = (places: Buffer[]) => Promise<void>

/** Entry. */
async function main(signal: AbortSignal): Promise<void> {
  const options = await readArguments(process.argv.slice(2), optionsSchema)
  if (!options) return console.log(HELP)
  const folder = join(PROJECT_ROOT, '.edgebatch', 'bench-payload')
  const server = await startRedis(await ensureRedisBinary(process.env.PATH ?? '', console.error), folder)
  const ways = await waysToRead(server.url)
  const figures = new Map<string, Figure[]>()
  const keep = (name: string, figure: Figure) => {
    figures.set(name, [...(figures.get(name) ?? []), figure])
  }
  for (let round = 0; round <= options.rounds && !signal.aborted; round++) {
    const warmUp = round === 0
    for (const [name, read] of ways) {
      const calls = name.startsWith('reader') ? options.calls : 1
      const figure = await measure(read, warmUp ? options.images / 10 : options.images, calls)
      if (!warmUp) keep(name, figure)
    }
    for (const encoding of ENCODINGS) {
      const perSecond = await redisBenchmark(server.url, encoding, options.images)
      if (!warmUp) keep(`redis-benchmark ${encoding}`, { perSecond, cpuMicroseconds: Number.NaN })
    }
  }
  await server.stop()
  for (const [name, of] of figures) {
    const cpu = median(of.map(({ cpuMicroseconds }) => cpuMicroseconds))
    console.log(
      name.padEnd(24),
      `${Math.round(median(of.map(({ perSecond }) => perSecond)))}/s`.padStart(10),
      Number.isNaN(cpu) ? '' : `${cpu.toFixed(1)} us CPU`.padStart(14),
    )
  }
  process.exit()
}

async function waysToRead(url: string): Promise<Map<string, ReadBatch>> {
  const redis = new Redis(url, { protocol: 2 })
  const reader = await PayloadReader.connect(url)
  const tensor = Buffer.from(Array.from({ length: LENGTH }, () => Math.floor(Math.random() * 256)))
  const values = { raw: tensor, base64: tensor.toString('base64') }
  const ways = new Map<string, ReadBatch>()
  for (const encoding of ENCODINGS) {
    const keys = Array.from({ length: BATCH }, (_, i) => keyOf(encoding, i))
    for (const key of keys) await redis.set(key, values[encoding])
    const store = (place: Buffer, value: Buffer | null) => {
      if (encoding === 'raw') value?.copy(place)
      for (let at = 0; encoding === 'base64' && at < base64Length(LENGTH); at += 65_536) {
        place.write(value?.toString('latin1', at, at + 65_536) ?? '', (at / 4) * 3, 'base64')
      }
    }
    ways.set(`reader ${encoding}`, async (places) => {
      const outcomes = await reader.read(keys, places)
      const isRight = outcomes.every((outcome) => outcome.kind === 'filled' && outcome.encoding === encoding)
      if (!isRight || !places.at(-1)?.equals(tensor)) throw new Error('read something else')
      places.at(-1)?.fill(0)
    })
    ways.set(`getBuffer ${encoding}`, async (places) => {
      const stored = await Promise.all(keys.map((key) => redis.getBuffer(key)))
      for (const [i, place] of places.entries()) store(place, stored[i] ?? null)
    })
    ways.set(`mgetBuffer ${encoding}`, async (places) => {
      const stored = await redis.mgetBuffer(keys)
      for (const [i, place] of places.entries()) store(place, stored[i] ?? null)
    })
  }
  return ways
}

/** Each of `calls` has a batch's memory of its own. */
async function measure(read: ReadBatch, images: number, calls: number): Promise<Figure> {
  let batches = Math.ceil(images / BATCH)
  const counted = batches * BATCH
  const drain = async () => {
    const places = Array.from({ length: BATCH }, () => Buffer.alloc(LENGTH))
    while (batches-- > 0) await read(places)
  }
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  await Promise.all(Array.from({ length: calls }, drain))
  const { user, system } = process.cpuUsage(cpu)
  return {
    perSecond: (counted / (performance.now() - start)) * 1000,
    cpuMicroseconds: (user + system) / counted,
  }
}

async function redisBenchmark(
  url: string,
  encoding: (typeof ENCODINGS)[number],
  images: number,
): Promise<number> {
  const args = ['-p', new URL(url).port, '-n', String(images), '-c', '50', '--csv', 'GET', keyOf(encoding, 0)]
  const { stdout } = await promisify(execFile)('redis-benchmark', args)
  const [, rate] = /"GET[^"]*","([\d.]+)"/.exec(stdout) ?? []
  if (!rate) throw new Error(`redis-benchmark said: ${stdout}`)
  return Number(rate)
}

function keyOf(encoding: string, i: number): string {
  return `eb:bench:job:${encoding}-${i}:payload`
}

runToEnd('payload-reader', main)
