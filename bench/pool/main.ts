import { cpus } from 'node:os'
import { join } from 'node:path'
import { definedVariables } from '../../local-stack/defined-variables.ts'
import { type NodeService, startService } from '../../local-stack/node-service.ts'
import { ensureRedisBinary } from '../../local-stack/redis-binary.ts'
import { startRedis } from '../../local-stack/redis-server.ts'
import { POOL_NODE_FLAGS } from '../../worker-pool/node-flags.ts'
import { type BenchSetup, poolSettings, prepareSetup } from '../bench-setup.ts'
import { runToEnd } from '../interruption.ts'
import { busyShare, loadWarning } from '../machine-load.ts'
import { describeMachine, formatTable, type Row, thisMachine, writeReport } from '../report.ts'
import { measureThroughput } from '../throughput.ts'
import { measureDrain } from './drain.ts'
import { measureIdle } from './idle.ts'
import { measureMemory } from './memory.ts'
import { writeNoopPackage } from './noop-package.ts'
import { HELP, MEMORY_FEW, PARTS, type PoolBenchOptions, readOptions } from './options.ts'
import { measureHop } from './queue-hop.ts'
import { QueueSide } from './queue-side.ts'
import { resnet50Setup } from './resnet50-package.ts'

/** Longer than a pool's wait for jobs (30 s), so that one falls into it whole. */
const IDLE_SECONDS = 60
const HOP_JOBS = 500

/** Entry: `npm run bench:pool`. */
async function main(signal: AbortSignal): Promise<void> {
  const options = await readOptions(process.argv.slice(2))
  if (!options) return console.log(HELP)
  const busyBefore = await busyShare(signal)
  const rows = await measure(options, signal)
  const warning = loadWarning(busyBefore, await busyShare(signal))
  const machine = thisMachine()
  const run = `throughput, resnet50, drain: medians of ${options.rounds} alternating rounds`
  const lines = ['', formatTable(rows), '', run, describeMachine(machine), warning]
  console.log(lines.filter((line) => line !== undefined).join('\n'))
  if (options.json) await writeReport(options.json, { name: 'bench:pool', machine, rows })
}

async function measure(options: PoolBenchOptions, signal: AbortSignal): Promise<Row[]> {
  const onProgress = (line: string) => console.error(line)
  const env = definedVariables(process.env)
  const setup = await prepareSetup({ env, threads: undefined, signal, onProgress })
  const parts = options.only ? [options.only] : PARTS
  const rows: Row[] = []
  if (parts.includes('throughput')) rows.push(...(await withThreads(setup, options.rounds, options.images)))
  if (parts.includes('resnet50'))
    rows.push(...(await withThreads(await resnet50Setup(setup), options.rounds, options.images / 4)))
  const others = parts.filter((part) => part !== 'throughput' && part !== 'resnet50')
  if (others.length > 0) rows.push(...(await measureNoop(setup, others, options)))
  return rows
}

/** With ONNX Runtime on all cores, and with one left for what a pool does besides (on a GPU machine, all of them are). */
async function withThreads(setup: BenchSetup, rounds: number, images: number): Promise<Row[]> {
  const rows = await measureThroughput(setup, rounds, images)
  const threads = cpus().length - 1
  if (threads > 0) rows.push(...(await measureThroughput({ ...setup, threads }, rounds, images)))
  return rows
}

async function measureNoop(
  setup: BenchSetup,
  parts: readonly string[],
  { rounds, drain, jobs }: PoolBenchOptions,
): Promise<Row[]> {
  const { folder, signal, onProgress } = setup
  const modelDir = await writeNoopPackage(join(folder, 'noop'))
  const binary = await ensureRedisBinary(setup.env.PATH ?? '', onProgress)
  const redis = await startRedis(binary, join(folder, 'redis-noop'))
  const startPool = (redisUrl: string, prefix: string) =>
    startService({
      name: 'worker-pool-noop',
      entry: 'worker-pool/main.ts',
      nodeFlags: POOL_NODE_FLAGS,
      folder,
      env: {
        ...setup.env,
        ...poolSettings({ ...setup, modelDir, threads: 1 }, 32),
        REDIS_URL: redisUrl,
        KEY_PREFIX: prefix,
      },
    })
  const withPool = async (prefix: string, use: (pool: NodeService) => Promise<Row[]>) => {
    const pool = await startPool(redis.url, prefix)
    try {
      return await use(pool)
    } finally {
      await pool.stop()
    }
  }
  try {
    const rows: Row[] = []
    if (parts.includes('drain'))
      rows.push(
        ...(await measureDrain({
          redisUrl: redis.url,
          rounds,
          images: drain,
          startPool,
          signal,
          onProgress,
        })),
      )
    if (parts.includes('hop'))
      rows.push(...(await withPool('hop:', () => measureHop(redis.url, 'hop:', HOP_JOBS, signal))))
    if (parts.includes('memory'))
      rows.push(
        ...(await withPool('memory:', ({ pid }) =>
          measureMemory(
            { redisUrl: redis.url, prefix: 'memory:', pid },
            MEMORY_FEW,
            jobs,
            signal,
            onProgress,
          ),
        )),
      )
    if (parts.includes('idle')) rows.push(...(await withPool('idle:', () => idle(redis.url, signal))))
    return rows
  } finally {
    await redis.stop()
  }
}

async function idle(redisUrl: string, signal: AbortSignal): Promise<Row[]> {
  const queue = await QueueSide.open(redisUrl, 'idle:')
  try {
    return await measureIdle(queue, IDLE_SECONDS, signal)
  } finally {
    queue.close()
  }
}

runToEnd('bench:pool', main)
