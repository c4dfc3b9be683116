import { setTimeout as sleep } from 'node:timers/promises'
import { QUEUE_GROUP } from '../../shared/redis-keys.ts'
import { LONGEST_WAIT_MS } from '../../worker-pool/longest-wait.ts'
import { MODEL } from './chaos-model.ts'
import type { ChaosStack } from './chaos-stack.ts'
import { allKeys, type KeyLeft } from './keys-left.ts'
import { consumers, queueKeys } from './queue-state.ts'

const LOOK_EVERY_MS = 500
/** A pool that is dead for so long should be known no more: others look for such twice in a minute, and wait for two waits of a reader. */
const FORGOTTEN_MS = 2 * LONGEST_WAIT_MS + 30_000

/**
 * What is there although every job has ended and pools live: entries, inputs, jobs that have not ended, dead pools. It is looked for until there
 * is nothing, for `withinMs` at most: a job of a call without an answer may still be on its way.
 */
export async function untilAtRest(
  stack: ChaosStack,
  withinMs: number,
  signal: AbortSignal,
): Promise<KeyLeft[]> {
  const until = Date.now() + withinMs
  for (;;) {
    const left = await restlessKeys(stack)
    if (left.length === 0 || Date.now() > until) return left
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  }
}

async function restlessKeys(stack: ChaosStack): Promise<KeyLeft[]> {
  const parts = [queuesLeft, deadPools, inputsLeft, followersLeft, openJobs]
  return (await Promise.all(parts.map((part) => part(stack)))).flat()
}

async function queuesLeft({ redis, keys }: ChaosStack): Promise<KeyLeft[]> {
  const found = await Promise.all(
    queueKeys(keys).map(async (key) => {
      const length = await redis.direct.xlen(key)
      const [pending] = (await redis.direct.xpending(key, QUEUE_GROUP).catch(() => [0])) as [number]
      return { key, length, pending }
    }),
  )
  return found
    .filter(({ length, pending }) => length > 0 || pending > 0)
    .map(({ key, length, pending }) => ({
      key,
      why: `has ${length} entries, and ${pending} in pools' hands`,
    }))
}

async function deadPools(stack: ChaosStack): Promise<KeyLeft[]> {
  const alive = stack.pools.map(({ pid }) => `-${pid}-`)
  return (await consumers(stack))
    .filter(({ name, idleMs }) => idleMs > FORGOTTEN_MS && !alive.some((pid) => name.includes(pid)))
    .map(({ queue, name, idleMs }) => ({ key: queue, why: `knows ${name}, which died ${idleMs} ms ago` }))
}

/** Those of dead letters stay for a while. */
async function inputsLeft({ redis, keys }: ChaosStack): Promise<KeyLeft[]> {
  const letters = await redis.direct.xrange(`${keys.ofModel(MODEL)}dead`, '-', '+')
  const kept = new Set(letters.flatMap(([, fields]) => fields))
  const left = await allKeys(redis.direct, keys.input(MODEL, '*'))
  return left
    .filter((key) => !kept.has(key.slice(keys.input(MODEL, '').length)))
    .map((key) => ({ key, why: 'is there though its job has ended' }))
}

async function followersLeft({ redis, keys }: ChaosStack): Promise<KeyLeft[]> {
  const left = await allKeys(redis.direct, keys.followers(MODEL, '*'))
  return left.map((key) => ({ key, why: 'is there though the job that is followed has ended' }))
}

/** What is past its deadline has ended for every reader. */
async function openJobs({ redis, keys }: ChaosStack): Promise<KeyLeft[]> {
  const left: KeyLeft[] = []
  for (const key of await allKeys(redis.direct, keys.job(MODEL, '*'))) {
    const [status, deadline] = await redis.direct.hmget(key, 'status', 'deadline')
    const isOpen = status === 'queued' || status === 'processing'
    if (isOpen && Number(deadline) > Date.now()) left.push({ key, why: `is still ${status}` })
  }
  return left
}
