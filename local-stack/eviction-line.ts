import { evictionWarning, readEvictionPolicy } from '../worker-pool/redis/eviction.ts'
import { connectRedis } from '../worker-pool/redis/redis-connection.ts'

/** How long Redis may take to answer a question, in ms. */
const SILENCE_MS = 10_000

/** A warning where Redis would drop jobs, which pools give as well, but in their logs. Throws if Redis is away. */
export async function evictionLine(url: string): Promise<string | undefined> {
  const redis = await connectRedis(url, { maxRetriesPerRequest: 0, socketTimeout: SILENCE_MS })
  redis.on('error', () => {})
  const warning = evictionWarning(await readEvictionPolicy(redis))
  redis.disconnect()
  return warning && `warning: ${warning.found}; ${warning.fix}`
}
