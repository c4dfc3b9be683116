import { randomInt } from 'node:crypto'
import * as z from 'zod'
import { readArguments } from '../../../bench/arguments.ts'
import { runToEnd } from '../../../bench/interruption.ts'
import { positiveInteger } from '../../../shared/read-configuration.ts'
import { startOwnRedis } from '../own-redis.ts'
import { checkHistories } from './check-histories.ts'

const HELP = `npm run check:queue -- [options]

Lets random histories of the queue come to pass in a Redis of its own, and holds what Redis has after each
event against a model: jobs asked for, run, lost, tried again, canceled, and pools that die at any moment.

  --runs N       histories (default 10,000; about 30 a second)
  --seed N       by which they are drawn (default: by chance; it is printed)
  --path P       only the history that has failed: as the report of its failure says
  --replay P     which of its events came to pass: the same
  --help         this text`

const optionsSchema = z.object({
  runs: positiveInteger.default(10_000),
  seed: z.coerce.number().int().optional(),
  path: z.string().optional(),
  replay: z.string().optional(),
})

/** Entry: `npm run check:queue`. Ends with exit 1 if a history fails. */
async function main(signal: AbortSignal): Promise<void> {
  const options = await readArguments(process.argv.slice(2), optionsSchema)
  if (!options) return console.log(HELP)
  const { runs, seed = randomInt(2 ** 31), path, replay } = options
  console.log(`seed ${seed}`)
  const redis = await startOwnRedis()
  try {
    const checking = checkHistories({ url: redis.url, runs, seed, path, replayPath: replay, shrinks: true })
    const redisEnded = redis.endedByItself.then((what) => Promise.reject(new Error(what)))
    const { seen, failure } = await Promise.race([checking, whenAborted(signal), redisEnded])
    for (const [what, count] of [...seen].sort()) console.log(`${String(count).padStart(9)}  ${what}`)
    if (failure) throw new Error(failure)
    console.log(`${runs} histories as the model says`)
  } finally {
    await redis.stop()
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}

runToEnd('check:queue', main)
