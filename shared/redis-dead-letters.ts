import * as z from 'zod'
import type {
  DeadLetter,
  DeadLetterName,
  DeadLetters,
  ReadDeadLetter,
  RetriedLetter,
} from './dead-letters.ts'
import { modelOfJobId, newJobId } from './job-id.ts'
import type { RedisCommands } from './redis-commands.ts'
import type { RedisKeys } from './redis-keys.ts'
import { dropDeadLetterScript } from './scripts/drop-dead-letter.ts'
import { readDeadLettersScript } from './scripts/read-dead-letters.ts'
import { retryDeadLetterScript } from './scripts/retry-dead-letter.ts'

/** Dead letters as pools have written them: a stream for each model. Needs scripts only, hence works over REST as over TCP. */
export class RedisDeadLetters implements DeadLetters {
  readonly #redis: Pick<RedisCommands, 'run'>
  readonly #keys: RedisKeys

  constructor(redis: Pick<RedisCommands, 'run'>, keys: RedisKeys) {
    this.#redis = redis
    this.#keys = keys
  }

  list(model: string): Promise<DeadLetter[]> {
    return this.#read(model, '')
  }

  async read(id: string): Promise<ReadDeadLetter | undefined> {
    const model = modelOfJobId(id)
    if (model === undefined) return undefined
    const [letter] = await this.#read(model, id)
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

  /** All of a model, or the one of job `id`, which alone has its fields. What is no job of this model cannot be named, and is left out. */
  async #read(model: string, id: string): Promise<ReadDeadLetter[]> {
    const args = [this.#keys.ofModel(model), id]
    const reply = await this.#redis.run(readDeadLettersScript, [this.#keys.dead(model)], args)
    const letters = (reply as StoredLetter[]).map((stored) => letterOf(model, stored))
    return letters.filter((letter) => modelOfJobId(letter.id) === model)
  }
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
