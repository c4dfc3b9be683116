import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { aclRules } from '../../cli/acl/acl-rules.ts'
import { REDIS_ROLES } from '../../shared/redis-access.ts'
import type { Check } from '../../worker-pool/machine/doctor/check.ts'
import { cli } from '../support/cli-session.ts'
import { ownRedis } from '../support/own-redis.ts'
import { applyAcl } from '../support/redis-with-users.ts'

const USERS = REDIS_ROLES.map((role) => `Redis user edgebatch-${role}`)

/** A Redis of one's own, what the doctor says of its users, and who may change them. */
async function examined() {
  const { url } = await ownRedis()
  const owner = new Redis(url, { protocol: 2 })
  onTestFinished(() => owner.disconnect())
  const doctor = async (environment: Record<string, string> = {}): Promise<Record<string, Check>> => {
    const { stdout } = await cli({ environment: { REDIS_URL: url, ...environment } }, 'doctor', '--json')
    const { checks } = JSON.parse(stdout) as { checks: Check[] }
    return Object.fromEntries(checks.map((check) => [check.name, check]))
  }
  const setUser = (...rules: string[]) => owner.call('ACL', 'SETUSER', 'edgebatch-edge', ...rules)
  return { url, owner, doctor, setUser }
}

/** The words that redis-cli is given by a line for a shell. */
function wordsFor(fix: string | undefined): string[] {
  const [, line = ''] = /^redis-cli (.*)$/.exec(fix ?? '') ?? []
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}

test.each(['eb:', 'a*[b]\\:'])(
  'users that were made for the prefix %s have what they need',
  async (prefix) => {
    const { url, owner, doctor } = await examined()
    await applyAcl(owner, url, '--prefix', prefix)
    const checks = await doctor({ KEY_PREFIX: prefix })
    for (const user of USERS) {
      const found = `may do what this version does with keys that begin with ${prefix}`
      expect(checks[user]).toEqual({ name: user, needed: true, state: 'ok', found })
    }
  },
)

test('users that were made for another prefix are found, and what makes them anew is named', async () => {
  const { url, owner, doctor } = await examined()
  const urls = await applyAcl(owner, url, '--prefix', 'other:')
  const checks = await doctor()
  for (const [i, user] of USERS.entries()) {
    const fix = `npx edgebatch acl --prefix eb: --only ${REDIS_ROLES[i]} | redis-cli`
    expect(checks[user]).toMatchObject({ state: 'missing', needed: true, fix: expect.stringContaining(fix) })
    expect(checks[user]?.found).toMatch(/^may not touch keys that begin with eb:, but others: ~other:/)
  }
  // They may not ask what they may do.
  for (const own of Object.values(urls)) {
    const { "Redis' users": mine } = await doctor({ REDIS_URL: own })
    expect(mine).toMatchObject({ state: 'missing', needed: true })
    expect(mine?.found).toBe('logged in with least rights, and may not touch keys that begin with eb:')
    expect(mine?.fix).toMatch(/^set KEY_PREFIX .*; or npx edgebatch acl --prefix eb: \| redis-cli/)
    const { "Redis' users": asMade } = await doctor({ REDIS_URL: own, KEY_PREFIX: 'other:' })
    expect(asMade).toMatchObject({ state: 'ok' })
  }

  await applyAcl(owner, url, '--prefix', 'eb:')
  const mended = await doctor()
  for (const user of USERS) expect(mended[user]?.state).toBe('ok')
})

const RULES = aclRules('edge', 'eb:')
test.each([
  ['a kind of key', '~eb:{*}:batch:*'],
  ['a channel', '&eb:{*}:done:*'],
  ['a command', '+hget'],
  ['a command of two words', '+xinfo|stream'],
  ['keys that are only read', '(%R~eb:keys +hget)'],
  ['keys that scripts name', '(~eb:* +eval +evalsha)'],
])('%s that a user lacks is found, and the fix gives just that: %s', async (_, rule) => {
  const { owner, doctor, setUser } = await examined()
  expect(RULES).toContain(rule)
  await setUser('reset', 'on', ...RULES.filter((each) => each !== rule))
  const { 'Redis user edgebatch-edge': check } = await doctor()
  expect(check).toMatchObject({ state: 'missing', needed: true, found: `lacks ${rule}` })
  const words = wordsFor(check?.fix)
  expect(words).toEqual(['ACL', 'SETUSER', 'edgebatch-edge', rule])
  await owner.call(...(words as [string, ...string[]]))
  expect((await doctor())['Redis user edgebatch-edge']?.state).toBe('ok')
})

test.each([
  ['all there is', ['~*', '&*', '+@all'], 'ok'],
  ['all with the keys of the deployment', ['~eb:*', '&eb:*', '+@all'], 'ok'],
  [
    'categories',
    ['~*', '&*', '+@read', '+@write', '+@scripting', '+@pubsub', '+@connection', '+info', '+time'],
    'ok',
  ],
  ['all but what a later rule takes away', ['~*', '&*', '+@all', '-hget'], 'missing'],
  ['reading alone', ['%R~eb:*', '&*', '+@all'], 'missing'],
  ['nothing on channels', ['~*', 'resetchannels', '+@all'], 'missing'],
  ['keys of one model', ['~eb:{resnet50}:*', '&*', '+@all'], 'missing'],
] as const)(
  'a user with other rules than ours is judged by what they come to: %s',
  async (_, rules, state) => {
    const { doctor, setUser } = await examined()
    await setUser('reset', 'on', ...rules)
    expect((await doctor())['Redis user edgebatch-edge']?.state).toBe(state)
  },
)
