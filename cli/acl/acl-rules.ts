import { commandsIn, REDIS_ACCESS, type RedisRole } from '../../shared/redis-access.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'

/**
 * What a user of that role may do, as rules of Redis' ACL (7.0 or newer). `prefixPattern` is a pattern for what all keys begin with.
 *
 * What a script does is held against its caller's rules, command by command. But naming a key to EVAL counts as writing it, hence a selector
 * of its own: any of our keys may be named, and what happens to it is for the other rules to say.
 */
export function aclRules(role: RedisRole, prefixPattern: string): string[] {
  const access = REDIS_ACCESS[role]
  const keys = new RedisKeys(prefixPattern)
  const commands = new Set([...access.commands, ...access.scripts.flatMap(commandsIn)])
  const readOnly = access.readOnly(keys).map((part) =>
    selector(
      part.keys.map((key) => `%R~${key}`),
      part.commands.map(allowed),
    ),
  )
  const runsScripts = access.scripts.length > 0
  return [
    ...['resetkeys', 'resetchannels', '-@all'],
    ...access.keys(keys).map((key) => `~${key}`),
    ...access.channels(keys).map((channel) => `&${channel}`),
    ...[...commands].toSorted().map(allowed),
    ...readOnly,
    ...(runsScripts ? [selector([`~${prefixPattern}*`], ['+eval', '+evalsha'])] : []),
  ]
}

/** Redis' patterns match just this text by it. */
export function asPattern(text: string): string {
  return text.replaceAll(/[*?[\]\\]/g, '\\$&')
}

function allowed(command: string): string {
  return `+${command.toLowerCase().replace(' ', '|')}`
}

/** Rules that allow a command on their own, whatever the others say. */
function selector(keys: readonly string[], commands: readonly string[]): string {
  return `(${[...keys, ...commands].join(' ')})`
}
