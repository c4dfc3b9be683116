import { DatabaseRefusedError } from '../../../shared/chosen-database.ts'
import type { Clock } from '../../../shared/clock.ts'
import { evictionWarning, readEvictionPolicy } from '../../redis/eviction.ts'
import { connectRedis } from '../../redis/redis-connection.ts'
import type { Check } from './check.ts'

const OLDEST_REDIS = 7
/** Deadlines are Redis' time, so that a pool works all the same; times in logs and traces then do not fit together. */
const SKEW_WARNING_MS = 1_000
const SILENCE_MS = 5_000

/** Whether Redis lets us in, its version, whether it may drop jobs, and how far its clock is from ours. Never names user or password. */
export async function checkRedis(url: string, clock: Pick<Clock, 'now'>): Promise<Check[]> {
  const name = 'Redis'
  try {
    const redis = await connectRedis(url, { maxRetriesPerRequest: 0, socketTimeout: SILENCE_MS })
    redis.on('error', () => {})
    try {
      const version = /^redis_version:(\S+)/m.exec(await redis.info('server'))?.[1]
      const asked = clock.now()
      const [seconds, microseconds] = await redis.time()
      const answered = clock.now()
      const skewMs = Number(seconds) * 1000 + Number(microseconds) / 1000 - (asked + answered) / 2
      const evicting = evictionWarning(await readEvictionPolicy(redis))
      return [
        versionCheck(new URL(url).host, version),
        ...(evicting
          ? [{ name: "Redis' memory", state: 'warning' as const, needed: true, ...evicting }]
          : []),
        skewCheck(skewMs),
      ]
    } finally {
      redis.disconnect()
    }
  } catch (error) {
    if (error instanceof DatabaseRefusedError)
      return [{ name, state: 'missing', needed: true, found: error.found, fix: error.fix }]
    // A server that does not know a command repeats its arguments.
    const found = (error instanceof Error ? error.message : String(error)).split(/, with args/)[0] ?? ''
    return [{ name, state: 'missing', needed: true, found, fix: 'start Redis, or correct REDIS_URL' }]
  }
}

export function versionCheck(host: string, version: string | undefined): Check {
  const check = { name: 'Redis', needed: true, found: `${host}, version ${version ?? 'unknown'}` }
  if (version === undefined)
    return { ...check, state: 'warning', fix: 'make sure that it is Redis 7 or newer' }
  if (Number.parseInt(version, 10) >= OLDEST_REDIS) return { ...check, state: 'ok' }
  return { ...check, state: 'missing', fix: `use Redis ${OLDEST_REDIS} or newer` }
}

/** `skewMs`: above 0 where that clock is ahead. `toleratedMs`: more where it does not tell its time as exactly. */
export function skewCheck(skewMs: number, name = "Redis' clock", toleratedMs = SKEW_WARNING_MS): Check {
  const check = {
    name,
    needed: false,
    found: `${Math.round(Math.abs(skewMs))} ms ${skewMs < 0 ? 'behind' : 'ahead of'} ours`,
  }
  if (Math.abs(skewMs) <= toleratedMs) return { ...check, state: 'ok' }
  return { ...check, state: 'warning', fix: 'set both clocks by NTP' }
}
