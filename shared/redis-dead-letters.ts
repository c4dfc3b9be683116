import * as z from 'zod'
import type {
  DeadLetter,
  DeadLetterName,
  DeadLetterPage,
  DeadLetterPlace,
  DeadLetterRange,
  DeadLetters,
  ReadDeadLetter,
  RetriedLetter,
} from './dead-letters.ts'
import { modelOfJobId, newJobId } from './job-id.ts'
import { MAX_DEAD_LETTERS } from './job-lifetime.ts'
import type { RedisCommands } from './redis-commands.ts'
import type { RedisKeys } from './redis-keys.ts'
import { dropDeadLetterScript } from './scripts/drop-dead-letter.ts'
import { readDeadLettersScript } from './scripts/read-dead-letters.ts'
import { retryDeadLetterScript } from './scripts/retry-dead-letter.ts'

/** Dead letters as pools have written them: a stream for each model, where what is no job of that model is passed over. Needs scripts only, hence works over REST as over TCP. */
export class RedisDeadLetters implements DeadLetters {
  readonly #redis: Pick<RedisCommands, 'run'>
  readonly #keys: RedisKeys

  constructor(redis: Pick<RedisCommands, 'run'>, keys: RedisKeys) {
    this.#redis = redis
    this.#keys = keys
  }

  async list(model: string): Promise<DeadLetter[]> {
    return (await this.page([model], { limit: MAX_DEAD_LETTERS })).letters
  }

  async page(models: readonly string[], { limit, after }: DeadLetterRange): Promise<DeadLetterPage> {
    if (models.length === 0) return { letters: [], next: undefined }
    // One more than is wanted of each says whether there is a next page.
    const read = await this.#read(models, { wanted: '', limit: limit + 1, after })
    const all = read.flat().toSorted(inOrder)
    const letters = all.slice(0, limit)
    const last = letters.at(-1)
    const next = all.length > limit && last ? { entry: last.entry, model: last.model } : undefined
    return { letters: letters.filter((letter) => modelOfJobId(letter.id) === letter.model), next }
  }

  async read(id: string): Promise<ReadDeadLetter | undefined> {
    const model = modelOfJobId(id)
    if (model === undefined) return undefined
    const [[letter] = []] = await this.#read([model], { wanted: id, limit: MAX_DEAD_LETTERS })
    return letter
  }

  async retry({ id, entry }: DeadLetterName): Promise<RetriedLetter> {
    const model = modelOfJobId(id)
    if (model === undefined) return { outcome: 'gone' }
    const newId = newJobId(model)
    const args = [this.#keys.ofModel(model), entry, id, newId]
    const outcome = await this.#redis.run(retryDeadLetterScript, [this.#keys.dead(model)], args)
    return outcome === 'retried'
      ? { outcome, id: newId }
      : { outcome: outcome as 'gone' | 'input-expired' | 'unreadable' }
  }

  async drop({ id, entry }: DeadLetterName): Promise<boolean> {
    const model = modelOfJobId(id)
    if (model === undefined) return false
    const keys = [this.#keys.dead(model), this.#keys.input(model, id)]
    return (await this.#redis.run(dropDeadLetterScript, keys, [entry, id])) === 1
  }

  /** In the order of the models. `wanted`: '', or the id of the only job that is asked for, whose letter alone has its fields. */
  async #read(
    models: readonly string[],
    { wanted, limit, after }: { wanted: string; limit: number; after?: DeadLetterPlace | undefined },
  ): Promise<ReadDeadLetter[][]> {
    const keys = models.map((model) => this.#keys.dead(model))
    const places = models.flatMap((model) => [this.#keys.ofModel(model), beginning(model, after)])
    const reply = await this.#redis.run(readDeadLettersScript, keys, [wanted, limit, ...places])
    return (reply as StoredLetter[][]).map((stored, i) =>
      stored.map((letter) => letterOf(models[i] as string, letter)),
    )
  }
}

/** From where on a model's letters come after `after`, as the script takes it. */
function beginning(model: string, after: DeadLetterPlace | undefined): string {
  if (!after) return '+'
  return model > after.model ? after.entry : `(${after.entry}`
}

/** Newest first; an entry's name is the ms and a number within it. */
function inOrder(a: DeadLetter, b: DeadLetter): number {
  const [aMs = 0, aNumber = 0] = a.entry.split('-').map(Number)
  const [bMs = 0, bNumber = 0] = b.entry.split('-').map(Number)
  return bMs - aMs || bNumber - aNumber || (a.model < b.model ? -1 : 1)
}

/** As the script tells of it. */
type StoredLetter = [
  entry: string,
  id: string,
  version: string,
  reason: string,
  attempts: string,
  pool: string,
  at: string,
  inputBytes: number,
  fields: string,
]

function letterOf(model: string, stored: StoredLetter): ReadDeadLetter {
  const [entry, id, modelVersion, reason, attempts, pool, at, inputBytes, fields] = stored
  return {
    ...{ entry, id, model, modelVersion, reason, attempts: Number(attempts), pool, at: Number(at) },
    inputBytes: inputBytes < 0 ? undefined : inputBytes,
    fields: readFields(fields),
  }
}

const fieldsSchema = z.record(z.string(), z.string())

function readFields(json: string): Record<string, string> {
  try {
    return fieldsSchema.parse(JSON.parse(json))
  } catch {
    return {}
  }
}
