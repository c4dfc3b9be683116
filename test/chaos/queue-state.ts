import { PRIORITIES } from '../../shared/priority.ts'
import { QUEUE_GROUP, type RedisKeys } from '../../shared/redis-keys.ts'
import { MODEL, VERSION } from './chaos-model.ts'
import type { DurableRedis } from './durable-redis.ts'

interface Queues {
  redis: DurableRedis
  keys: RedisKeys
}

/** A pool as the queues' group knows it. */
export interface Consumer {
  queue: string
  name: string
  /** Since it has asked for anything. */
  idleMs: number
  /** Jobs that it was handed out and that have not ended. */
  pending: number
}

/** All queues of the model, most urgent first. */
export function queueKeys(keys: RedisKeys): string[] {
  return PRIORITIES.map((priority) => keys.queue({ model: MODEL, version: VERSION }, priority))
}

/** Of all queues; a pool may come once for each. */
export async function consumers({ redis, keys }: Queues): Promise<Consumer[]> {
  const lists = await Promise.all(
    queueKeys(keys).map(async (queue) => {
      const list = await redis.direct.xinfo('CONSUMERS', queue, QUEUE_GROUP).catch(() => [])
      return (list as unknown[][]).map((flat) => consumer(queue, flat))
    }),
  )
  return lists.flat()
}

function consumer(queue: string, flat: readonly unknown[]): Consumer {
  const field = (name: string) => flat[flat.indexOf(name) + 1]
  const [idleMs, pending] = [Number(field('idle')), Number(field('pending'))]
  return { queue, name: String(field('name')), idleMs, pending }
}

/** Jobs in the hands of the pool that is, or was, this process: its id is part of the pool's. */
export async function heldBy(pid: number, queues: Queues): Promise<number> {
  const own = (await consumers(queues)).filter(({ name }) => name.includes(`-${pid}-`))
  return own.reduce((sum, { pending }) => sum + pending, 0)
}
