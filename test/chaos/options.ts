import * as z from 'zod'
import { jsonFile, readArguments } from '../../bench/arguments.ts'
import { positiveInteger, upTo } from '../../shared/read-configuration.ts'
import { type ChaosSettings, FULL_RUN } from './settings.ts'

export const HELP = `npm run chaos -- [options]

A load on the whole system on this machine (${FULL_RUN.edges} edges, ${FULL_RUN.gateways} gateways, ${FULL_RUN.pools} pools, a Redis that writes everything to its file at once),
while at random pools, gateways, edges and Redis are killed, pools stop for longer than their lease, connections are
cut, slow, or lose answers, and Redis is full; clients repeat calls and cancel. Then every answer is read, and what is left in
Redis. Exit 1 if a job was lost, ended twice or wrongly, a key of a client made two jobs, or a key stays in Redis.

  --jobs N     requests (default ${FULL_RUN.requests})
  --seed S     what is drawn follows from it; when things happen is real (default: another each time, and told)
  --minutes M  no new requests after so long (default ${FULL_RUN.submitWithinMs / 60_000})
  --wait S     keys that go within so many seconds are waited for at the end (default ${FULL_RUN.waitForKeysMs / 1000}); others are judged by their TTL
  --json FILE  write the figures there as well, with the plan of faults and all that was wrong
  --help       this text

Logs of all parts are in .edgebatch/chaos.`

const optionsSchema = z.object({
  jobs: upTo(1_000_000).default(FULL_RUN.requests),
  seed: z.coerce
    .number({ error: 'must be a whole number' })
    .int({ error: 'must be a whole number' })
    .min(0, { error: 'must be 0 at least' })
    .max(2 ** 32 - 1, { error: 'must be below 2^32' })
    .optional(),
  minutes: positiveInteger.default(FULL_RUN.submitWithinMs / 60_000),
  wait: upTo(86_400).default(FULL_RUN.waitForKeysMs / 1000),
  json: jsonFile,
})

/** Reads the command line; undefined if help is wanted. Throws UsageError. */
export async function readOptions(
  args: string[],
  anySeed: () => number,
): Promise<{ settings: ChaosSettings; json: string | undefined } | undefined> {
  const options = await readArguments(args, optionsSchema)
  if (!options) return undefined
  const { jobs, seed = anySeed(), minutes, wait, json } = options
  const settings = {
    ...FULL_RUN,
    ...{ seed, requests: jobs, submitWithinMs: minutes * 60_000, waitForKeysMs: wait * 1000 },
  }
  return { settings, json }
}
