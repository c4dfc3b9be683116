import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Row } from '../report.ts'

/** How often a pool that has nothing to do talks to Redis. */
export async function measureIdle(redis: Redis, seconds: number, signal: AbortSignal): Promise<Row[]> {
  const before = await commandCount(redis)
  await sleep(seconds * 1000, undefined, { signal })
  // The first INFO is counted by the second.
  const commands = (await commandCount(redis)) - before - 1
  return [
    {
      case: 'idle pool',
      metric: `commands to Redis in ${seconds} s`,
      ...{ value: commands, unit: '', reference: null, ratio: null },
    },
  ]
}

async function commandCount(redis: Redis): Promise<number> {
  return Number(/^total_commands_processed:(\d+)/m.exec(await redis.info('stats'))?.[1])
}
