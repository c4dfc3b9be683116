import type { PoolLoad } from '../../shared/announcement.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { versionId } from '../../shared/model-reference.ts'
import { noWork, type RecentWork } from '../../shared/recent-work.ts'
import { RedisJobConsumer } from '../../shared/redis-job-consumer.ts'
import type { RedisKeys } from '../../shared/redis-keys.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { IDLE } from './known-models.ts'

/** Redis, as who may do what pools do, and whose keys are meant. */
export interface QueuePlace {
  url: string
  keys: RedisKeys
}

/** As pools that announce themselves once: `pool-0`, `pool-1`... What each tells is up to `load`. */
export async function announcePools(
  { url, keys }: QueuePlace,
  manifest: ModelManifest,
  count: number,
  load: (pool: number) => Partial<PoolLoad> = () => ({}),
): Promise<void> {
  const tcp = await RedisTcp.connect(url)
  const announced = Array.from({ length: count }, (_, i) => {
    const identity = { poolId: `pool-${i}`, poolTtlMs: 600_000, manifestTtlMs: 600_000 }
    const told = { ...IDLE, drainRates: { [versionId(manifest)]: 2 }, ...load(i) }
    const announcement = { manifests: [manifest], withdrawn: [], load: told }
    return new RedisJobConsumer(tcp, keys, identity).announce(announcement)
  })
  await Promise.all(announced).finally(() => tcp.close())
}

/** Ten jobs in runs of four, one of which failed. */
export function tenJobs(): RecentWork {
  const work = noWork()
  work.settled = 10
  for (const ms of [10, 12, 14, 16, 20, 24, 30, 40, 80, 400]) {
    work.queue.add(ms / 2)
    work.predict.add(8)
    work.total.add(ms)
  }
  for (const images of [4, 4, 2]) work.batchSizes.add(images)
  work.failures['undecodable-image'] = 1
  return work
}
