import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { commandsIn, REDIS_ACCESS, REDIS_ROLES } from './redis-access.ts'
import type { LuaScript } from './redis-commands.ts'
import { RedisKeys } from './redis-keys.ts'

const FOLDER = new URL('./scripts/', import.meta.url)

async function allScripts(): Promise<LuaScript[]> {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  const modules = await Promise.all(files.map((file) => import(new URL(file, FOLDER).href)))
  return modules.flatMap((module) =>
    Object.entries(module).flatMap(([name, value]) => (name.endsWith('Script') ? [value as LuaScript] : [])),
  )
}

test('each script is run by some part', async () => {
  const run = new Set(REDIS_ROLES.flatMap((role) => REDIS_ACCESS[role].scripts.map(({ name }) => name)))
  expect((await allScripts()).map(({ name }) => name).filter((name) => !run.has(name))).toEqual([])
})

test('the commands of a script are told by its source, those with two words by both', () => {
  const of = (source: string) => commandsIn({ name: 'test', source })
  expect(of("redis.call('GET', KEYS[1]) redis.pcall('HGET', 'a', 'b') redis.call('GET', 'c')")).toEqual([
    'GET',
    'HGET',
  ])
  expect(of("local made = redis.pcall('XGROUP', 'CREATE', queue)")).toEqual(['XGROUP CREATE'])
  expect(of("local command = {'XREADGROUP', 'GROUP', group}\nredis.call(unpack(command))")).toEqual([
    'XREADGROUP',
  ])
})

test('no script runs a command that its source does not spell out', async () => {
  for (const { name, source } of await allScripts()) {
    const calls = [...source.matchAll(/redis\.p?call\(\s*(.{16})/g)].map(([, first = '']) => first)
    const hidden = calls.filter((first) => !/^'[A-Z]+'/.test(first))
    const lists = source.match(/\bcommand = \{'[A-Z]+'/g) ?? []
    expect({ name, hidden }).toEqual({
      name,
      hidden: lists.map(() => expect.stringMatching(/^unpack\(command\)/)),
    })
  }
})

const runs = REDIS_ROLES.flatMap((role) =>
  REDIS_ACCESS[role].scripts.map((script) => [role, script.name, script] as const),
)
test.each(runs)('%s may touch each kind of key that its script %s makes up', (role, _, { source }) => {
  const keys = new RedisKeys('eb:')
  const { keys: keysOf, channels } = REDIS_ACCESS[role]
  const granted = [...keysOf(keys), ...channels(keys)]
  const kinds = [...source.matchAll(/'(?:\}:)?([a-z]+:)'|\bbase \.\. '([a-z]+:?)'/g)].map((m) => m[1] ?? m[2])
  const missing = kinds.filter((kind) => !granted.some((pattern) => pattern.startsWith(`eb:{*}:${kind}`)))
  expect(missing).toEqual([])
})

test('each kind of key that there is, and channel, is granted to some part', () => {
  const keys = new RedisKeys('eb:')
  const granted = REDIS_ROLES.flatMap((role) => {
    const access = REDIS_ACCESS[role]
    return [...access.keys(keys), ...access.channels(keys)]
  })
  const kinds = Object.getOwnPropertyNames(RedisKeys.prototype).filter(
    (name) => !['constructor', 'ofModel'].includes(name),
  ) as Exclude<keyof RedisKeys, 'prefix' | 'ofModel'>[]
  const named = kinds.map((kind) => {
    const name = keys[kind] as (...parts: unknown[]) => string
    return kind === 'queue' || kind === 'back'
      ? keys[kind]({ model: '*', version: '*' })
      : name.call(keys, '*', '*')
  })
  expect(named.filter((name) => !granted.includes(name))).toEqual([])
})

test('only administration may write API keys, and pools know nothing of them', () => {
  const keys = new RedisKeys('eb:')
  const writers = REDIS_ROLES.filter((role) => REDIS_ACCESS[role].keys(keys).includes(keys.apiKeys()))
  expect(writers).toEqual(['admin'])
  expect(JSON.stringify(REDIS_ACCESS.pool.readOnly(keys))).not.toContain(keys.apiKeys())
})
