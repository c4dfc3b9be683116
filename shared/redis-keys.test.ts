import { expect, test } from 'vitest'
import { newJobId } from './job-id.ts'
import { RedisKeys } from './redis-keys.ts'

/** Redis Cluster hashes only what stands between the first brace and the next closing one. */
const hashTag = (key: string) => /\{([^}]+)\}/.exec(key)?.[1]

function keysOf(keys: RedisKeys, model: string, id: string): string[] {
  return [
    keys.queue({ model, version: '1' }),
    keys.job(model, id),
    keys.input(model, id),
    keys.done(model, id),
  ]
}

test('all keys of a model share one hash tag, the model', () => {
  const model = 'resnet50.v2'
  const tags = keysOf(new RedisKeys('eb:'), model, newJobId(model)).map(hashTag)
  expect(new Set(tags)).toEqual(new Set([model]))
})

test('every key begins with the prefix', () => {
  const keys = new RedisKeys('staging:')
  for (const key of [...keysOf(keys, 'm', newJobId('m')), keys.apiKeys(), keys.models(), keys.workers()])
    expect(key.startsWith('staging:')).toBe(true)
})

test('no two kinds, models or jobs share a key', () => {
  const keys = new RedisKeys('eb:')
  const all = ['a', 'a.b'].flatMap((model) => [
    ...keysOf(keys, model, newJobId(model)),
    ...keysOf(keys, model, newJobId(model)),
  ])
  // The queue belongs to the model, not to the job.
  expect(new Set([...all, keys.apiKeys(), keys.models(), keys.workers()]).size).toBe(all.length - 2 + 3)
})
