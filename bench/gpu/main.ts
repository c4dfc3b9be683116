import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as z from 'zod'
import { definedVariables } from '../../local-stack/defined-variables.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { ensureRedisBinary } from '../../local-stack/redis-binary.ts'
import { startRedis } from '../../local-stack/redis-server.ts'
import { positiveInteger } from '../../shared/read-configuration.ts'
import { bucketsUpTo } from '../../worker-pool/batching/buckets.ts'
import { type Gpu, listGpus, mebibytes } from '../../worker-pool/machine/gpus.ts'
import { createQueryGpus } from '../../worker-pool/machine/nvidia-smi.ts'
import { jsonFile, readArguments } from '../arguments.ts'
import { type BenchSetup, prepareSetup } from '../bench-setup.ts'
import { runToEnd } from '../interruption.ts'
import { describeMachine, formatTable, thisMachine, writeReport } from '../report.ts'
import { measureBuckets } from './buckets.ts'

const HELP = `npm run bench:gpu -- [options]

On a machine with an NVIDIA GPU: runs the doctor, then the bundled model at every size of batch that a pool pads to,
with ONNX Runtime alone on the first GPU and on the CPU. Without a GPU it says so and measures nothing.

  --runs N     runs of each size on each side (default 30)
  --json FILE  write the figures there as well
  --help       this text`

/** A pool's, unless MAX_BATCH_SIZE says otherwise. */
const LARGEST_BUCKET = 32

const optionsSchema = z.object({ runs: positiveInteger.default(30), json: jsonFile })

/** Entry: `npm run bench:gpu`. */
async function main(signal: AbortSignal): Promise<void> {
  const options = await readArguments(process.argv.slice(2), optionsSchema)
  if (!options) return console.log(HELP)
  // CUDA counts the fastest GPU first unless told to count as nvidia-smi does.
  const env = {
    ...definedVariables(process.env),
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    ORT_DISABLE_TELEMETRY: '1',
  }
  const query = createQueryGpus(env)
  const [gpu] = (await listGpus(query)) ?? []
  if (!gpu) return console.log('bench:gpu: nvidia-smi shows no GPU on this machine, nothing to measure')

  const onProgress = (line: string) => console.error(line)
  const setup = await prepareSetup({ env, threads: undefined, signal, onProgress })
  console.log(await askDoctor(setup))
  const memoryUsed = async () => mebibytes((await query(['memory.used']))[gpu.index]?.[0])
  const buckets = bucketsUpTo(LARGEST_BUCKET)
  const { runs } = options
  const rows = await measureBuckets({ setup, provider: 'cuda', buckets, runs, memoryUsed })
  const machine = thisMachine()
  console.log([formatTable(rows), '', describeGpu(gpu), describeMachine(machine)].join('\n'))
  if (options.json) await writeReport(options.json, { name: 'bench:gpu', machine, rows })
}

/** What the doctor says, on a Redis of our own. Throws it if something is missing. */
async function askDoctor({ env, folder, modelDir, onProgress }: BenchSetup): Promise<string> {
  const binary = await ensureRedisBinary(env.PATH ?? '', onProgress)
  const redis = await startRedis(binary, join(folder, 'redis'))
  const settings = { EXECUTION_PROVIDERS: 'cuda,cpu', REDIS_URL: redis.url, MODEL_DIR: modelDir, MODELS: '' }
  const options = { cwd: PROJECT_ROOT, env: { ...env, ...settings } }
  try {
    return (await promisify(execFile)(process.execPath, ['worker-pool/doctor-main.ts'], options)).stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`this machine lacks something, says the doctor:\n${stdout}${stderr}`, { cause: error })
  } finally {
    await redis.stop()
  }
}

function describeGpu({ index, name, memoryTotalBytes }: Gpu): string {
  const memory = memoryTotalBytes === undefined ? '' : `, ${(memoryTotalBytes / 2 ** 30).toFixed(1)} GiB`
  return `GPU ${index}: ${name}${memory}`
}

runToEnd('bench:gpu', main)
