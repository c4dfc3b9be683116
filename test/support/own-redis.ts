import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ensureRedisBinary } from '../../local-stack/redis-binary.ts'
import { type OwnRedis, startRedis } from '../../local-stack/redis-server.ts'
import { processEnv } from './process-env.ts'

/** A Redis of this test's own, which it may stop; ends with the test. `port`: by default any that is free. */
export async function ownRedis(port?: number): Promise<OwnRedis> {
  const redis = await startOwnRedis(port)
  onTestFinished(redis.stop)
  return redis
}

/** The same for a whole file; to be stopped. */
export async function startOwnRedis(port?: number): Promise<OwnRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-redis-'))
  const redis = await startRedis(await ensureRedisBinary(processEnv().PATH ?? '', () => {}), folder, port)
  const stop = async () => {
    await redis.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return { ...redis, stop }
}
