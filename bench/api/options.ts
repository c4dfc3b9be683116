import * as z from 'zod'
import { positiveInteger } from '../../shared/read-configuration.ts'
import { jsonFile, readArguments } from '../arguments.ts'

export const PARTS = ['cost', 'delay', 'eta'] as const

export const HELP = `npm run bench:api -- [options]
npm run bench:cost (the same with --only cost)

What the HTTP API costs and how true it is, through the whole local stack:
  cost   commands to Redis for a prediction that is waited for, as sent and as Upstash bills them (those inside
         scripts too), what a million cost by its public price list, and what an input weighs on its way and in Redis,
         in base64 and as it is
  delay  from a stored result to the answer of who waited 3 s for it, by push and by polling alone
  eta    eta_seconds of the last of many jobs, against what it really took

  --requests N   predictions of each case of cost (default 320)
  --waits N      results that are waited for, of each case of delay (default 40)
  --jobs N       jobs of eta (default 1500)
  --only PART    ${PARTS.join(', ')} (default: all)
  --json FILE    write the figures there as well
  --help         this text`

const optionsSchema = z.object({
  requests: positiveInteger.default(320),
  waits: positiveInteger.default(40),
  jobs: positiveInteger.default(1_500),
  only: z.enum(PARTS, { error: `must be ${PARTS.join(', ')}` }).optional(),
  json: jsonFile,
})
export type ApiBenchOptions = z.infer<typeof optionsSchema>

/** Reads the command line; undefined if help is wanted. Throws UsageError. */
export function readOptions(args: string[]): Promise<ApiBenchOptions | undefined> {
  return readArguments(args, optionsSchema)
}
