import type { DeadLetter } from '../../shared/dead-letters.ts'
import { modelNameSchema } from '../../shared/model-manifest.ts'
import { versionId } from '../../shared/model-reference.ts'
import { RedisDeadLetters } from '../../shared/redis-dead-letters.ts'
import type { RedisKeys } from '../../shared/redis-keys.ts'
import type { Environment } from '../environment.ts'
import type { RedisCommander } from '../redis/redis-commands.ts'
import { type RedisScripts, readKnownModels, scriptsOver } from '../redis/redis-scripts.ts'
import { withRedis } from '../redis/with-redis.ts'
import type { Terminal } from '../terminal.ts'

/** Keys that Redis looks at in one step of a search. */
const SCANNED_AT_ONCE = '1000'

/** The dead letters of one deployment. */
export class DeadLetterOffice {
  readonly letters: RedisDeadLetters
  /** Where they are, for people. */
  readonly place: string
  readonly #redis: RedisCommander
  readonly #scripts: RedisScripts
  readonly #keys: RedisKeys

  constructor(redis: RedisCommander, keys: RedisKeys) {
    this.#redis = redis
    this.#keys = keys
    this.#scripts = scriptsOver(redis)
    this.letters = new RedisDeadLetters(this.#scripts, keys)
    this.place = `Redis at ${redis.host}`
  }

  /** Of all models, or of one; newest first. */
  async list(model?: string): Promise<DeadLetter[]> {
    const models = model === undefined ? await this.#models() : [model]
    const lists = []
    for (const name of models) lists.push(await this.letters.list(name))
    return lists.flat().toSorted((a, b) => b.at - a.at)
  }

  /** `name@version` of what live pools serve. */
  async served(): Promise<Set<string>> {
    const known = await readKnownModels(this.#scripts, this.#keys)
    return new Set(known.filter(({ pools }) => pools.length > 0).map(({ manifest }) => versionId(manifest)))
  }

  /** Those that have a stream of dead letters. Found by name, since a model may have been withdrawn because of its letters. */
  async #models(): Promise<string[]> {
    const { prefix } = this.#keys
    const pattern = `${prefix.replace(/[\\*?[\]]/g, '\\$&')}{*}:dead`
    const found = new Set<string>()
    let cursor = '0'
    do {
      const scan = ['SCAN', cursor, 'MATCH', pattern, 'COUNT', SCANNED_AT_ONCE]
      const [next, keys] = (await this.#redis.send(...scan)) as [string, string[]]
      for (const key of keys) {
        const model = /^\{(.+)\}:dead$/.exec(key.slice(prefix.length))?.[1]
        if (modelNameSchema.safeParse(model).success) found.add(model as string)
      }
      cursor = String(next)
    } while (cursor !== '0')
    return [...found].sort()
  }
}

/** Works on the dead letters of the Redis that the environment names. Throws UserError. */
export function withDeadLetters<T>(
  environment: Environment,
  terminal: Terminal,
  work: (office: DeadLetterOffice) => Promise<T>,
): Promise<T> {
  return withRedis(environment, terminal, (redis, keys) => work(new DeadLetterOffice(redis, keys)))
}
