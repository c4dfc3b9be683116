import { REDIS_ROLES, type RedisRole } from '../../shared/redis-access.ts'
import type { Check } from '../../worker-pool/machine/doctor/check.ts'
import { aclRules, asPattern } from '../acl/acl-rules.ts'
import type { RedisCommander } from '../redis/redis-commands.ts'
import { asked } from './asked.ts'

const DEFAULT_USER = 'default'

/**
 * Whether parts have Redis users of least rights (`edgebatch acl`), and whether those may do all that this version does: one that was made for an
 * older version may not. What we are not allowed to ask is a good sign, and not asked further.
 */
export async function redisUserChecks(redis: RedisCommander, prefix: string): Promise<Check[]> {
  const me = await asked(redis, 'ACL', 'WHOAMI')
  const ours = await Promise.all(REDIS_ROLES.map((role) => userCheck(redis, role, prefix)))
  return [whoCheck(me), ...ours.filter((check) => check !== undefined)]
}

function whoCheck(me: unknown): Check {
  const check = { name: "Redis' users", needed: false }
  if (me !== DEFAULT_USER)
    return {
      ...check,
      state: 'ok',
      found: typeof me === 'string' ? `logged in as ${me}` : 'logged in with least rights',
    }
  return {
    ...{ ...check, state: 'warning', found: 'logged in as the default user, who may do all there is' },
    fix: 'give edge, pools and administrators a user each: npx edgebatch acl | redis-cli, and the REDIS_URLs that it prints',
  }
}

/** Undefined where there is no such user, or we may not ask. */
async function userCheck(redis: RedisCommander, role: RedisRole, prefix: string): Promise<Check | undefined> {
  const user = `edgebatch-${role}`
  const reply = await asked(redis, 'ACL', 'GETUSER', user)
  if (!Array.isArray(reply)) return undefined
  const at = reply.indexOf('commands')
  const has = new Set(String(reply[at + 1] ?? '').split(' '))
  const lacks = aclRules(role, asPattern(prefix)).filter((rule) => rule.startsWith('+') && !has.has(rule))
  const check = { name: `Redis user ${user}`, needed: true }
  if (lacks.length === 0 || has.has('+@all'))
    return { ...check, state: 'ok', found: 'may run the commands that this version needs' }
  return {
    ...{ ...check, state: 'missing', found: `lacks ${lacks.join(' ')}` },
    fix: `redis-cli ACL SETUSER ${user} ${lacks.map((rule) => (rule.includes('|') ? `"${rule}"` : rule)).join(' ')}`,
  }
}
