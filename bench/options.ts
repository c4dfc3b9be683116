import * as z from 'zod'
import { positiveInteger } from '../shared/read-configuration.ts'
import { jsonFile, readArguments, UsageError } from './arguments.ts'

export const HELP = `npm run bench -- [options]

Holds Edgebatch against bare ONNX Runtime on this machine, both in alternating rounds:
  throughput  images/s of a worker pool that drains a filled queue, and of a loop of session.run
  latency     POST /predict one at a time through the whole local stack, and session.run on one image

  --rounds N     rounds of each (default 5)
  --images N     images a throughput round, rounded up to full batches of 32 (default 320)
  --requests N   requests to POST /predict in all (default 100)
  --threads N    ONNX Runtime's threads of one operator (default: its own choice)
  --only PART    throughput or latency (default: both)
  --json FILE    write the figures there as well
  --help         this text

Leave the machine alone meanwhile: whatever else runs on it is measured too.`

const optionsSchema = z.object({
  rounds: positiveInteger.default(5),
  images: positiveInteger.default(320),
  requests: positiveInteger.default(100),
  threads: positiveInteger.optional(),
  only: z.enum(['throughput', 'latency'], { error: 'must be throughput or latency' }).optional(),
  json: jsonFile,
})
export type BenchOptions = z.infer<typeof optionsSchema>

/** Reads the command line; undefined if help is wanted. Throws UsageError. */
export async function readOptions(args: string[]): Promise<BenchOptions | undefined> {
  const options = await readArguments(args, optionsSchema)
  if (options && options.only !== 'throughput' && options.requests < options.rounds)
    throw new UsageError('--requests must be at least --rounds')
  return options
}
