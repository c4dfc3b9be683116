import { readFileSync } from 'node:fs'
import { Redis } from '@upstash/redis'
import { expect, test } from 'vitest'
import { ELSEWHERE, LOCAL, MODULES, NEWER } from './exclusions.ts'
import { FAMILIES } from './families/all.ts'
import { methodsCalled, namesOf } from './methods-called.ts'

const client = new Redis({ url: 'http://127.0.0.1:1', token: 'unused', enableAutoPipelining: false })
const calls = FAMILIES.flatMap((family) => family.calls)
const excluded = (name: string) =>
  NEWER.has(name) || MODULES.has(name) || LOCAL.has(name) || name in ELSEWHERE

/** `functions` stands for what it holds. */
function methodsOf(redis: Redis): string[] {
  const inFunctions = Object.keys(redis.functions).map((name) => `functions.${name}`)
  return [...namesOf(redis).filter((name) => name !== 'functions'), ...inFunctions]
}

test('every method of the client is called, or is left out for a reason that is told', () => {
  const called = methodsCalled(calls)
  const missing = methodsOf(client).filter((name) => !called.has(name) && !excluded(name))
  expect(missing).toEqual([])
})

test('so is every method of its pipelines', () => {
  const called = methodsCalled(calls.filter(({ alone }) => !alone))
  const pipeline = client.pipeline() as unknown as Redis
  const missing = methodsOf(pipeline).filter(
    (name) => !called.has(name) && !excluded(name) && name !== 'exec',
  )
  expect(missing).toEqual([])
})

test('what is left out is there, and is called nowhere', () => {
  const there = new Set([...methodsOf(client), ...namesOf(client.pipeline())])
  const called = methodsCalled(calls)
  for (const name of [...NEWER, ...MODULES, ...LOCAL, ...Object.keys(ELSEWHERE)]) {
    expect([name, there.has(name), called.has(name)]).toEqual([name, true, false])
  }
})

test.each(Object.entries(ELSEWHERE))('%s is called in %s', (method, file) => {
  expect(readFileSync(new URL(file, import.meta.url), 'utf8')).toMatch(new RegExp(`\\.${method}\\b[(<]`))
})
