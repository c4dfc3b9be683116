import { commandsIn, REDIS_ACCESS, type RedisRole } from '../../shared/redis-access.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'

/** Rules of Redis' ACL by which a user may run these commands, on these keys and channels: `+get`, `~eb:*`, `%R~eb:*`, `&eb:*`. */
export interface Grant {
  commands: readonly string[]
  keys: readonly string[]
  channels: readonly string[]
}

/** The grant that a user has by himself, and those that stand each on its own, whatever the others say. */
export interface UserGrants {
  own: Grant
  selectors: readonly Grant[]
}

/**
 * What a user of that role has to be granted (Redis 7.0 or newer). `prefixPattern` is a pattern for what all keys begin with.
 *
 * What a script does is held against its caller's rules, command by command. But naming a key to EVAL counts as writing it, hence a selector
 * of its own: any of our keys may be named, and what happens to it is for the other rules to say.
 */
export function neededGrants(role: RedisRole, prefixPattern: string): UserGrants {
  const access = REDIS_ACCESS[role]
  const keys = new RedisKeys(prefixPattern)
  const commands = new Set([...access.commands, ...access.scripts.flatMap(commandsIn)])
  const readOnly = access.readOnly(keys).map((part) => ({
    commands: part.commands.map(allowed),
    keys: part.keys.map((key) => `%R~${key}`),
    channels: [],
  }))
  const scripts = { commands: ['+eval', '+evalsha'], keys: [`~${prefixPattern}*`], channels: [] }
  return {
    own: {
      commands: [...commands].toSorted().map(allowed),
      keys: access.keys(keys).map((key) => `~${key}`),
      channels: access.channels(keys).map((channel) => `&${channel}`),
    },
    selectors: access.scripts.length > 0 ? [...readOnly, scripts] : readOnly,
  }
}

/** The same as rules for a user who may do nothing else. */
export function aclRules(role: RedisRole, prefixPattern: string): string[] {
  const { own, selectors } = neededGrants(role, prefixPattern)
  return [
    ...['resetkeys', 'resetchannels', '-@all'],
    ...[...own.keys, ...own.channels, ...own.commands],
    ...selectors.map(asSelector),
  ]
}

/** A grant as one rule. */
export function asSelector({ keys, channels, commands }: Grant): string {
  return `(${[...keys, ...channels, ...commands].join(' ')})`
}

/** Redis' patterns match just this text by it. */
export function asPattern(text: string): string {
  return text.replaceAll(/[*?[\]\\]/g, '\\$&')
}

function allowed(command: string): string {
  return `+${command.toLowerCase().replace(' ', '|')}`
}
