import { REDIS_ROLES, type RedisRole } from '../../shared/redis-access.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import type { Check } from '../../worker-pool/machine/doctor/check.ts'
import { asPattern, neededGrants, type UserGrants } from '../acl/acl-rules.ts'
import { lackingRules } from '../acl/lacking-rules.ts'
import type { RedisCommander } from '../redis/redis-commands.ts'
import { asked, refusalOf } from './asked.ts'
import { grantedTo } from './granted.ts'

const DEFAULT_USER = 'default'

/**
 * Whether parts have Redis users of least rights (`edgebatch acl`), and whether those may do all that this version does, with the keys of this
 * deployment: one that was made for an older version, or for another prefix, may not. What we are not allowed to ask is a good sign, and not
 * asked further.
 */
export async function redisUserChecks(redis: RedisCommander, prefix: string): Promise<Check[]> {
  const me = await whoCheck(redis, prefix)
  const ours = await Promise.all(REDIS_ROLES.map((role) => userCheck(redis, role, prefix)))
  return [me, ...ours.filter((check) => check !== undefined)]
}

async function whoCheck(redis: RedisCommander, prefix: string): Promise<Check> {
  const name = "Redis' users"
  const me = await asked(redis, 'ACL', 'WHOAMI')
  const found = typeof me === 'string' ? `logged in as ${me}` : 'logged in with least rights'
  if (await isKeptFromKeys(redis, prefix))
    return {
      ...{ name, state: 'missing', needed: true, found: `${found}, and may not touch ${keysOf(prefix)}` },
      fix: anew(prefix),
    }
  if (me !== DEFAULT_USER) return { name, state: 'ok', needed: false, found }
  return {
    ...{
      name,
      state: 'warning',
      needed: false,
      found: 'logged in as the default user, who may do all there is',
    },
    fix: 'give edge, pools and administrators a user each: npx edgebatch acl | redis-cli, and the REDIS_URLs that it prints',
  }
}

/** Each of our users may name any key of the deployment to a script. */
async function isKeptFromKeys(redis: RedisCommander, prefix: string): Promise<boolean> {
  const refusal = await refusalOf(redis, 'EVAL', 'return 1', '1', new RedisKeys(prefix).models())
  return /NOPERM .*permissions to access (a|one of the) key/.test(refusal ?? '')
}

/** Undefined where there is no such user, or we may not ask. */
async function userCheck(redis: RedisCommander, role: RedisRole, prefix: string): Promise<Check | undefined> {
  const user = `edgebatch-${role}`
  const granted = await grantedTo(redis, user)
  if (!granted) return undefined
  const needed = neededGrants(role, asPattern(prefix))
  const lacks = lackingRules(needed, granted)
  const check = { name: `Redis user ${user}`, needed: true }
  if (lacks.length === 0)
    return { ...check, state: 'ok', found: `may do what this version does with ${keysOf(prefix)}` }
  const others = keysOfOthers(needed, granted, lacks)
  if (others !== undefined)
    return {
      ...{ ...check, state: 'missing', found: `may not touch ${keysOf(prefix)}, but others: ${others}` },
      fix: anew(prefix, role),
    }
  return {
    ...{ ...check, state: 'missing', found: `lacks ${lacks.join(' ')}` },
    fix: `redis-cli ACL SETUSER ${user} ${lacks.map(quoted).join(' ')}`,
  }
}

/** One of his keys, if a user has some, though none that is needed: he was made for another deployment. */
function keysOfOthers(
  { own }: UserGrants,
  granted: UserGrants,
  lacks: readonly string[],
): string | undefined {
  return own.keys.every((key) => lacks.includes(key)) ? granted.own.keys[0] : undefined
}

function keysOf(prefix: string): string {
  return `keys that begin with ${prefix}`
}

/** `role`: of the user, where that is known. */
function anew(prefix: string, role?: RedisRole): string {
  const only = role === undefined ? '' : ` --only ${role}`
  return `set KEY_PREFIX as this deployment has it; or npx edgebatch acl --prefix ${quoted(prefix)}${only} | redis-cli, and the REDIS_URL that it prints`
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w+:-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
