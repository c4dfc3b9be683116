import { createHash, randomBytes } from 'node:crypto'
import { REDIS_ROLES, type RedisRole } from '../../shared/redis-access.ts'
import { command } from '../command.ts'
import { oneOf, refuseUnknown, text } from '../flags.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../user-error.ts'
import { aclRules, asPattern } from './acl-rules.ts'

const FORMATS = ['setuser', 'acl-file'] as const
type Format = (typeof FORMATS)[number]

const args = {
  prefix: {
    type: 'string',
    description: 'What keys begin with: the KEY_PREFIX of edge and pools; eb:',
    valueHint: 'TEXT',
  },
  format: {
    type: 'string',
    description: 'setuser (commands for redis-cli) or acl-file; setuser',
    valueHint: 'setuser|acl-file',
  },
  only: { type: 'string', description: 'The users to make anew, of edge,pool,admin; all', valueHint: 'LIST' },
} as const

/** What a password is for, as its holder is told. */
const HOLDERS: Record<RedisRole, string> = {
  edge: 'the gateway; all that the edge does is done by it',
  pool: 'worker pools',
  admin: 'npx edgebatch keys, dlq, queue, top and doctor',
}

export function aclCommand(terminal: Terminal) {
  return command({
    meta: {
      name: 'acl',
      description: 'Print Redis users for edge, pools and administration, least rights each.',
    },
    examples: [
      { does: 'make the users', line: 'edgebatch acl | redis-cli' },
      { does: "only the pools', anew", line: 'edgebatch acl --only pool | redis-cli' },
    ],
    args,
    run: ({ args: given }) => {
      refuseUnknown(given, args, 0)
      const format = oneOf(given, 'format', FORMATS) ?? 'setuser'
      const pattern = asPattern(keyPrefix(text(given, 'prefix') ?? 'eb:'))
      const users = roles(given).map((role) => ({ role, name: `edgebatch-${role}`, password: newPassword() }))
      const owner = newPassword()
      // Without a line of its own, an ACL file's default user is anybody, without a password, and may do all there is.
      if (format === 'acl-file') terminal.print(`user default on #${digest(owner)} ~* &* +@all`)
      for (const { role, name, password } of users)
        terminal.print(line(format, name, [`#${digest(password)}`, ...aclRules(role, pattern)]))
      terminal.warn('passwords, shown this once; what is printed beside holds their SHA-256 alone:')
      for (const { role, name, password } of users)
        terminal.warn(`  REDIS_URL=redis://${name}:${password}@HOST:6379   ${HOLDERS[role]}`)
      if (format === 'acl-file')
        terminal.warn(`  REDISCLI_AUTH=${owner}   the default user: whoever runs Redis`)
      else terminal.warn(DEFAULT_USER)
    },
  })
}

const DEFAULT_USER =
  'the default user stays as it is: while it has no password, whoever reaches Redis may do all there is. To give it one: ' +
  'ACL SETUSER default resetpass ">PASSWORD"'

function line(format: Format, name: string, rules: readonly string[]): string {
  const all = ['on', ...rules].join(' ')
  // Without a reset, rights and passwords that the user had before would stay.
  return format === 'setuser' ? `ACL SETUSER ${name} reset ${all}` : `user ${name} ${all}`
}

function roles(given: Record<string, unknown>): RedisRole[] {
  const names = text(given, 'only')?.split(',')
  const unknown = names?.find((name) => !REDIS_ROLES.some((role) => role === name))
  if (unknown !== undefined)
    throw new UsageError(`--only must be of ${REDIS_ROLES.join(',')}, not "${unknown}"`)
  if (names && given.format === 'acl-file')
    throw new UsageError('--only goes with --format setuser: an ACL file has to hold all users')
  return REDIS_ROLES.filter((role) => names?.includes(role) ?? true)
}

/** Redis' rules stand on one line, and redis-cli knows quotes. */
function keyPrefix(prefix: string): string {
  if (/^[!#-&(-~]+$/.test(prefix)) return prefix
  throw new UsageError('--prefix must be of visible ASCII characters, without spaces and quotes')
}

/** 256 random bits that need no encoding in a URL. */
function newPassword(): string {
  return randomBytes(32).toString('base64url')
}

function digest(password: string): string {
  return createHash('sha256').update(password).digest('hex')
}
