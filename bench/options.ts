import { access, constants, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { positiveInteger } from '../shared/read-configuration.ts'

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

/** The arguments do not fit. `message` is one line for people. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const optionsSchema = z.object({
  rounds: positiveInteger.default(5),
  images: positiveInteger.default(320),
  requests: positiveInteger.default(100),
  threads: positiveInteger.optional(),
  only: z.enum(['throughput', 'latency'], { error: 'must be throughput or latency' }).optional(),
  json: z.string().min(1, { error: 'must name a file' }).optional(),
})
export type BenchOptions = z.infer<typeof optionsSchema>

/** Reads the command line; undefined if help is wanted. Throws UsageError. */
export async function readOptions(args: string[]): Promise<BenchOptions | undefined> {
  const values = parse(args)
  if (values.help) return undefined
  const parsed = optionsSchema.safeParse(values)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new UsageError(`--${String(issue?.path[0])} ${issue?.message}`)
  }
  const options = parsed.data
  if (options.only !== 'throughput' && options.requests < options.rounds)
    throw new UsageError('--requests must be at least --rounds')
  // Told now, not after minutes of measuring.
  if (options.json && !(await canWrite(options.json)))
    throw new UsageError(`--json ${options.json}: cannot be written`)
  return options
}

function parse(args: string[]) {
  const string = { type: 'string' } as const
  const options = { rounds: string, images: string, requests: string, threads: string, only: string } as const
  try {
    return parseArgs({ args, options: { ...options, json: string, help: { type: 'boolean', short: 'h' } } })
      .values
  } catch (error) {
    // Node's message goes on with advice about `--`, which leads nowhere here.
    const [reason] = (error instanceof Error ? error.message : String(error)).split(/[.\n]/)
    throw new UsageError(`${reason}`)
  }
}

async function canWrite(file: string): Promise<boolean> {
  try {
    const existing = await stat(file).catch(() => undefined)
    if (existing && !existing.isFile()) return false
    await access(existing ? file : dirname(resolve(file)), constants.W_OK)
    return true
  } catch {
    return false
  }
}
