import * as z from 'zod'
import { EDGE_RUNTIMES } from '../../local-stack/env.ts'
import { positiveInteger } from '../../shared/read-configuration.ts'
import { jsonFile, readArguments } from '../arguments.ts'

export const HELP = `npm run soak -- [options]

The whole local stack under load for minutes, in this order:
  calibrate  what it can do: calls that follow each other, 64 at a time
  steady     mixed calls at 80 % of that, at random moments, whether earlier ones are answered or not
  overload   three times what it can do; half of those who are refused obey Retry-After, twice at most
  quiet      nothing, until Redis has forgotten all jobs

Tells latencies, refusals, memory, open files and what is left in Redis. Ends with 1 where something is plainly wrong:
a job lost, a wrong answer or none, a 5xx that is no 503, open files that grow, keys without a TTL. Never for being slow.

  --minutes N    of steady and overload together, three quarters and one quarter (default 5)
  --seed N       of the moments and of who does what (default 1)
  --edge RUNTIME workerd or node (default workerd)
  --pools N      worker pools (default 1)
  --json FILE    write the figures there as well
  --help         this text

What makes the calls runs on the same cores as what answers them.`

const minutes = z.coerce
  .number({ error: 'must be a number' })
  .positive({ error: 'must be above 0' })
  .max(1_440, { error: 'must be 1440 (a day) at most' })

const optionsSchema = z.object({
  minutes: minutes.default(5),
  seed: positiveInteger.default(1),
  edge: z.enum(EDGE_RUNTIMES, { error: 'must be workerd or node' }).default('workerd'),
  pools: positiveInteger.default(1),
  json: jsonFile,
})
export type SoakOptions = z.infer<typeof optionsSchema>

/** Reads the command line; undefined if help is wanted. Throws UsageError. */
export function readOptions(args: string[]): Promise<SoakOptions | undefined> {
  return readArguments(args, optionsSchema)
}
