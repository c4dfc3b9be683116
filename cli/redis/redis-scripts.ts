import { type KnownModel, readAnnouncements } from '../../shared/announcement.ts'
import type { RedisCommands, RedisReply } from '../../shared/redis-commands.ts'
import type { RedisKeys } from '../../shared/redis-keys.ts'
import { knownModelsScript } from '../../shared/scripts/known-models.ts'
import type { RedisCommander } from './redis-commands.ts'

export type RedisScripts = Pick<RedisCommands, 'run'>

/** Scripts as any Redis takes them, whether it has seen them or not. */
export function scriptsOver(redis: RedisCommander): RedisScripts {
  return {
    run: async ({ source }, keys, args) =>
      (await redis.send('EVAL', source, String(keys.length), ...keys, ...args.map(String))) as RedisReply,
  }
}

/** What pools have announced, by name. */
export async function readKnownModels(scripts: RedisScripts, keys: RedisKeys): Promise<KnownModel[]> {
  const reply = await scripts.run(knownModelsScript, [keys.models(), keys.workers()], [])
  const [nowMs, models, workers] = reply as [number, string[], string[]]
  return readAnnouncements(asRecord(models), asRecord(workers), nowMs)
}

/** A hash as scripts return it: field, value, field, value. */
function asRecord(flat: readonly string[]): Record<string, string> {
  const pairs = flat.flatMap((field, i) => (i % 2 === 0 ? [[field, flat[i + 1] ?? '']] : []))
  return Object.fromEntries(pairs)
}
