import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { MANIFEST_TTL_MS, POOL_TTL_MS } from '../../shared/announcement.ts'
import { DEAD_LETTERS_KEPT_MS, TOMBSTONE_MS } from '../../shared/job-lifetime.ts'
import type { ChaosStack } from './chaos-stack.ts'
import type { ChaosSettings } from './settings.ts'

/** Something in Redis that should not be there, or not for so long. */
export interface KeyLeft {
  key: string
  why: string
}

/** What stays for longer than a run by design. */
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** By which expired keys are really gone: Redis looks for them now and then. */
const GONE_WITHIN_MS = 3_000

/** The longest that a key of each kind may still live, once nobody writes any more. What is of no kind may not be there at all. */
function longestLives(settings: ChaosSettings): [kind: RegExp, ms: number][] {
  const { deadlineMs, resultTtlMs, cacheTtlMs } = settings
  // A job that runs in place of another is kept as long as jobs follow it, with the longest tombstone.
  const job = deadlineMs + resultTtlMs + TOMBSTONE_MS
  return [
    [/^\{[^}]+\}:job:/, job],
    [/^\{[^}]+\}:queue:/, Math.max(2 * (deadlineMs + resultTtlMs), HOUR_MS)],
    [/^\{[^}]+\}:cache:/, deadlineMs + cacheTtlMs],
    [/^\{[^}]+\}:dead$/, DEAD_LETTERS_KEPT_MS],
    // Of a job that is among the dead letters.
    [/^\{[^}]+\}:input:/, DEAD_LETTERS_KEPT_MS],
    [/^idem:/, DAY_MS],
    [/^models$/, MANIFEST_TTL_MS],
    [/^workers$/, POOL_TTL_MS],
  ]
}

export interface KeysAtTheEnd {
  left: KeyLeft[]
  /** Keys that went by themselves while they were waited for. */
  gone: number
  /** Keys that will, by their TTL. */
  byTtl: number
}

/**
 * Looks at every key once all services have stopped: each must have a TTL that fits its kind. Those whose time is over soon are waited for.
 */
export async function inspectKeys(
  { redis: { direct: redis }, keys }: Pick<ChaosStack, 'redis' | 'keys'>,
  settings: ChaosSettings,
  signal: AbortSignal,
): Promise<KeysAtTheEnd> {
  const lives = longestLives(settings)
  const ttls = await ttlsOf(redis, await allKeys(redis, `${keys.prefix}*`))
  const left: KeyLeft[] = []
  for (const [key, ttl] of ttls) {
    const longest = lives.find(([kind]) => kind.test(key.slice(keys.prefix.length)))?.[1]
    if (longest === undefined) left.push({ key, why: 'is of no kind that may stay' })
    else if (ttl === -1) left.push({ key, why: 'has no TTL' })
    else if (ttl > longest)
      left.push({ key, why: `stays for ${ttl} ms, and its kind for ${longest} at most` })
  }
  const short = [...ttls].filter(([, ttl]) => ttl >= 0 && ttl <= settings.waitForKeysMs)
  const last = Math.max(0, ...short.map(([, ttl]) => ttl))
  if (short.length > 0) await sleep(last + GONE_WITHIN_MS, undefined, { signal })
  const still = await ttlsOf(
    redis,
    short.map(([key]) => key),
  )
  for (const [key, ttl] of still) left.push({ key, why: `is there ${-ttl} ms after its time` })
  return { left, gone: short.length - still.size, byTtl: ttls.size - short.length }
}

export async function allKeys(redis: Redis, pattern: string): Promise<string[]> {
  const found = new Set<string>()
  for await (const keys of redis.scanStream({ match: pattern, count: 1_000 }))
    for (const key of keys as string[]) found.add(key)
  return [...found]
}

/** Of keys that are still there: ms, -1 for ever. */
async function ttlsOf(redis: Redis, keys: readonly string[]): Promise<Map<string, number>> {
  const ttls = await Promise.all(keys.map((key) => redis.pttl(key)))
  return new Map(keys.flatMap((key, i) => (ttls[i] === -2 ? [] : [[key, ttls[i] as number] as const])))
}
