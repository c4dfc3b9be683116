import { createHash, randomBytes } from 'node:crypto'
import { aclRules, asPattern } from '../../cli/acl/acl-rules.ts'
import { REDIS_ROLES, type RedisRole } from '../../shared/redis-access.ts'

/** Redis' users beside those of our own parts: whoever runs Redis, and redis_exporter with the container's health check. */
const EXPORTER_RULES =
  '-@all +ping +info +select +client|setname +config|get +slowlog|len +slowlog|get +latency|latest +latency|histogram'

export interface ComposeSecrets {
  /** docker-compose.yaml's variables, as an .env file. */
  env: string
  /** Redis' users, by digests of the passwords above. */
  acl: string
}

/** New secrets for a deployment by docker-compose.yaml, each of 256 random bits. `keyPrefix`: what its keys in Redis begin with. */
export function makeSecrets(keyPrefix = 'eb:'): ComposeSecrets {
  const passwords = { ...byRole(), owner: newSecret(), exporter: newSecret() }
  const variables = {
    GATEWAY_TOKEN: newSecret(),
    REDIS_OWNER_PASSWORD: passwords.owner,
    REDIS_EDGE_PASSWORD: passwords.edge,
    REDIS_POOL_PASSWORD: passwords.pool,
    REDIS_ADMIN_PASSWORD: passwords.admin,
    REDIS_EXPORTER_PASSWORD: passwords.exporter,
    WEBHOOK_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
    GRAFANA_PASSWORD: newSecret(),
  }
  const users = [
    `user default on #${digest(passwords.owner)} ~* &* +@all`,
    ...REDIS_ROLES.map(
      (role) =>
        `user edgebatch-${role} on #${digest(passwords[role])} ${aclRules(role, asPattern(keyPrefix)).join(' ')}`,
    ),
    `user edgebatch-exporter on #${digest(passwords.exporter)} ${EXPORTER_RULES}`,
  ]
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  return { env: `${lines.join('\n')}\n`, acl: `${users.join('\n')}\n` }
}

function byRole(): Record<RedisRole, string> {
  return Object.fromEntries(REDIS_ROLES.map((role) => [role, newSecret()])) as Record<RedisRole, string>
}

/** Needs no encoding in a URL. */
function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

function digest(password: string): string {
  return createHash('sha256').update(password).digest('hex')
}
