import type { Argument, CommandLine } from './command.ts'
import type { GatewayRedis, Outcome } from './redis.ts'
import type { RawReply } from './reply.ts'

/** A command of Upstash's as Redis can run it. */
export interface Translated {
  command: CommandLine
  /** Makes Upstash's answer of that of Redis; none if they are the same. Throws RedisAway. */
  finish?: (outcome: Outcome, redis: GatewayRedis) => Outcome | Promise<Outcome>
}

/** Where Upstash answers otherwise than Redis: `COPY key key`, and `SCAN ... WITHTYPE`, which Redis does not have. */
export function translated(command: CommandLine): Translated {
  switch (command[0].toUpperCase()) {
    case 'COPY':
      return { command, finish: copiedOntoItself }
    case 'SCAN':
      return scanWithTypes(command) ?? { command }
    default:
      return { command }
  }
}

const SAME_OBJECT = 'ERR source and destination objects are the same'

/** Nothing is copied, which is no error. */
const copiedOntoItself = (outcome: Outcome): Outcome =>
  'error' in outcome && outcome.error === SAME_OBJECT ? { reply: '0' } : outcome

function scanWithTypes([name, ...args]: CommandLine): Translated | undefined {
  const at = placeOfWithType(args)
  return at === undefined ? undefined : { command: [name, ...args.toSpliced(at, 1)], finish: addTypes }
}

/** After the cursor come pairs (MATCH, COUNT, TYPE), of which a value may be this very word. */
function placeOfWithType(args: readonly Argument[]): number | undefined {
  for (let at = 1; at < args.length; at += 2) if (args[at]?.toString().toUpperCase() === 'WITHTYPE') return at
  return undefined
}

/** `[cursor, [key, type, ...]]` of `[cursor, [key, ...]]`. A key that has gone meanwhile is left out. */
async function addTypes(outcome: Outcome, redis: GatewayRedis): Promise<Outcome> {
  if ('error' in outcome) return outcome
  const [cursor, keys] = outcome.reply as [Buffer, Buffer[]]
  const types = await Promise.all(redis.send(keys.map((key) => ['TYPE', key])))
  const withTypes: RawReply[] = []
  for (const [i, type] of types.entries()) {
    if ('error' in type) return type
    if (String(type.reply) !== 'none') withTypes.push(keys[i] as Buffer, type.reply)
  }
  return { reply: [cursor, withTypes] }
}
