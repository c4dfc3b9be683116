import * as z from 'zod'
import { positiveInteger } from '../../shared/read-configuration.ts'
import { jsonFile, readArguments, UsageError } from '../arguments.ts'

export const HELP = `npm run bench:pool -- [options]

What a worker pool costs beyond the model:
  throughput  images/s of a pool that drains a filled queue, and of a loop of session.run; the bundled model
  resnet50    the same with a ResNet-50 (random weights, 25.6 million parameters)
  drain       images/s with a model that does nothing, and what redis-benchmark reads of the same values
  hop         what the queue adds to one job at low load
  memory      resident memory after many jobs
  idle        commands to Redis without jobs: of a pool, and of the depth that the edge reads each minute

  --rounds N   alternating rounds of throughput, resnet50 and drain (default 5)
  --images N   images a throughput round (default 960)
  --drain N    images a drain round (default 6000; Redis holds as many: 0.9 to 1.2 GB)
  --jobs N     jobs until memory is looked at last (default 100000)
  --only PART  one of the parts (default: all)
  --json FILE  write the figures there as well
  --help       this text

Leave the machine alone meanwhile: whatever else runs on it is measured too.`

/** After so many jobs memory is looked at first, and so many are enqueued at a time. */
export const MEMORY_FEW = 10_000
export const MEMORY_STEP = 1_000

export const PARTS = ['throughput', 'resnet50', 'drain', 'hop', 'memory', 'idle'] as const

const optionsSchema = z.object({
  rounds: positiveInteger.default(5),
  images: positiveInteger.default(960),
  drain: positiveInteger.default(6_000),
  jobs: positiveInteger.default(100_000),
  only: z.enum(PARTS, { error: `must be one of ${PARTS.join(', ')}` }).optional(),
  json: jsonFile,
})
export type PoolBenchOptions = z.infer<typeof optionsSchema>

/** Reads the command line; undefined if help is wanted. Throws UsageError. */
export async function readOptions(args: string[]): Promise<PoolBenchOptions | undefined> {
  const options = await readArguments(args, optionsSchema)
  if (options && (options.jobs < MEMORY_FEW || options.jobs % MEMORY_STEP !== 0))
    throw new UsageError(`--jobs must be a multiple of ${MEMORY_STEP}, and ${MEMORY_FEW} at least`)
  return options
}
