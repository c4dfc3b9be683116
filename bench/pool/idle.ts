import { setTimeout as sleep } from 'node:timers/promises'
import type { Row } from '../report.ts'
import type { QueueSide } from './queue-side.ts'

const MINUTES_A_MONTH = 30 * 24 * 60
/** Readings of the depth that are counted: what the pool asks for meanwhile falls into one of them at most. */
const READINGS = 5

/** What Redis is asked without jobs, commands in scripts included: by a pool in so many seconds, and by a reading of the depth each minute. */
export async function measureIdle(queue: QueueSide, seconds: number, signal: AbortSignal): Promise<Row[]> {
  const pool = await commandsOf(queue, () => sleep(seconds * 1000, undefined, { signal }))
  const readings: number[] = []
  for (let i = 0; i < READINGS; i++) readings.push(await commandsOf(queue, () => queue.readDepth()))
  const reading = Math.min(...readings)
  const row = (name: string, metric: string, value: number): Row => ({
    ...{ case: name, metric, value },
    ...{ unit: '', reference: null, ratio: null },
  })
  return [
    row('idle pool', `commands to Redis in ${seconds} s`, pool),
    row('idle pool', 'commands in a month', (pool / seconds) * 60 * MINUTES_A_MONTH),
    row('depth of one version', 'commands to Redis', reading),
    row('depth of one version', 'commands in a month, each minute', reading * MINUTES_A_MONTH),
  ]
}

async function commandsOf(queue: QueueSide, use: () => Promise<unknown>): Promise<number> {
  const before = await commandCount(queue)
  await use()
  // The first INFO is counted by the second.
  return (await commandCount(queue)) - before - 1
}

async function commandCount({ redis }: QueueSide): Promise<number> {
  return Number(/^total_commands_processed:(\d+)/m.exec(await redis.info('stats'))?.[1])
}
