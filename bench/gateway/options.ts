import * as z from 'zod'
import { positiveInteger } from '../../shared/read-configuration.ts'
import { jsonFile, readArguments } from '../arguments.ts'

export const PARTS = ['latency', 'throughput', 'streams'] as const

export const HELP = `npm run bench:gateway -- [options]

What the gateway costs beside Redis without it, each in turn with its reference:
  latency     a GET and a SET of 200 KB, one at a time: through the gateway over a kept connection, and by ioredis
  throughput  GETs a second of processor time, 64 at once, beside a bare Hono server that answers the same bytes
  streams     idle subscriptions, each of a channel of its own: connections to Redis, and memory

  --rounds N   alternating rounds of latency and throughput (default 7)
  --requests N requests of a round of latency (default 500)
  --seconds N  of a round of throughput (default 3)
  --streams N  subscriptions (default 5000)
  --only PART  ${PARTS.join(', ')} (default: all)
  --json FILE  write the figures there as well
  --help       this text

Leave the machine alone meanwhile: whatever else runs on it is measured too.`

const optionsSchema = z.object({
  rounds: positiveInteger.default(7),
  requests: positiveInteger.default(500),
  seconds: positiveInteger.default(3),
  streams: positiveInteger.default(5_000),
  only: z.enum(PARTS, { error: `must be ${PARTS.join(', ')}` }).optional(),
  json: jsonFile,
})
export type GatewayBenchOptions = z.infer<typeof optionsSchema>

/** Reads the command line; undefined if help is wanted. Throws UsageError. */
export function readOptions(args: string[]): Promise<GatewayBenchOptions | undefined> {
  return readArguments(args, optionsSchema)
}
