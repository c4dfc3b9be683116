import { createHash, randomBytes } from 'node:crypto'
import { aclRules, asPattern } from '../../cli/acl/acl-rules.ts'
import { REDIS_ROLES } from '../../shared/redis-access.ts'

/** redis_exporter's, and the container's own health check's. */
const EXPORTER_RULES =
  '-@all +ping +info +select +client|setname +config|get +slowlog|len +slowlog|get +latency|latest +latency|histogram'

/** Users of Redis by the variable that holds their password, with their rights. */
function users(keyPrefix: string): [variable: string, user: string, rules: string][] {
  const ours = REDIS_ROLES.map((role): [string, string, string] => [
    `REDIS_${role.toUpperCase()}_PASSWORD`,
    `edgebatch-${role}`,
    aclRules(role, asPattern(keyPrefix)).join(' '),
  ])
  return [
    ['REDIS_OWNER_PASSWORD', 'default', '~* &* +@all'],
    ...ours,
    ['REDIS_EXPORTER_PASSWORD', 'edgebatch-exporter', EXPORTER_RULES],
  ]
}

const KEY_PREFIX = 'eb:'

/** docker-compose.yaml's variables that are secrets, as an .env file: new ones, each of 256 random bits. */
export function newSecrets(): string {
  const passwords = users(KEY_PREFIX).map(([variable]) => [variable, newSecret()])
  const all = [
    ['GATEWAY_TOKEN', newSecret()],
    ...passwords,
    ['WEBHOOK_SECRET', `whsec_${randomBytes(32).toString('base64')}`],
    ['GRAFANA_PASSWORD', newSecret()],
  ]
  return `${all.map(([name, value]) => `${name}=${value}`).join('\n')}\n`
}

/** Redis' users for the passwords in that .env file, of which it holds digests. Throws with the name of one that is not there. */
export function usersFor(env: string): string {
  const lines = users(KEY_PREFIX).map(([variable, user, rules]) => {
    const password = new RegExp(`^${variable}=(\\S+)$`, 'm').exec(env)?.[1]
    if (password === undefined) throw new Error(`${variable} is not in .env`)
    return `user ${user} on #${createHash('sha256').update(password).digest('hex')} ${rules}`
  })
  return `${lines.join('\n')}\n`
}

/** Needs no encoding in a URL. */
function newSecret(): string {
  return randomBytes(32).toString('base64url')
}
