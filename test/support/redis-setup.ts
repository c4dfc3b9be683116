import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { ensureRedisBinary } from '../../local-stack/redis-binary.ts'
import { startRedis } from '../../local-stack/redis-server.ts'
import { processEnv } from './process-env.ts'
import { makeRedisUsers } from './redis-users.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A Redis that all test files share; each test takes a key prefix of its own. */
    redisUrl: string
  }
}

/** Once a run: a Redis of our own (or REDIS_URL). */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-test-'))
  const env = processEnv()
  const say = (line: string) => project.vitest.logger.log(`redis: ${line}`)
  const redis = env.REDIS_URL
    ? { url: env.REDIS_URL, stop: async () => {} }
    : await startRedis(await ensureRedisBinary(env.PATH ?? '', say), join(folder, 'redis'))
  const users = await makeRedisUsers(redis.url)
  project.provide('redisUrl', redis.url)
  project.provide('redisUrls', users.urls)
  return async () => {
    await users.remove()
    await redis.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
