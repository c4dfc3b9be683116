import type { Row } from '../report.ts'
import { percentile } from '../statistics.ts'
import { IMAGE_BYTES, QueueSide } from './queue-side.ts'

const WARM_UP = 50

/** What the queue itself adds at low load: from before a job is enqueued until its result is told, less the run; one at a time. */
export async function measureHop(
  redisUrl: string,
  prefix: string,
  jobs: number,
  signal: AbortSignal,
): Promise<Row[]> {
  const queue = await QueueSide.open(redisUrl, prefix)
  const listener = queue.redis.duplicate()
  try {
    await listener.psubscribe(`${prefix}*`)
    const image = Buffer.from(Buffer.alloc(IMAGE_BYTES, 7).toString('base64'), 'latin1')
    const hops: number[] = []
    for (let i = 0; i < WARM_UP + jobs; i++) {
      signal.throwIfAborted()
      const told = new Promise<string>((resolve) => {
        listener.once('pmessage', (_pattern, _channel, message: string) => resolve(message))
      })
      const begin = performance.now()
      await queue.enqueue('base64', image)
      const { predict_ms } = JSON.parse(await told) as { predict_ms: string }
      if (i >= WARM_UP) hops.push(performance.now() - begin - Number(predict_ms))
    }
    return [50, 95, 99].map(
      (p): Row => ({
        case: 'queue hop, one job at a time',
        metric: `enqueue to result, less the run, p${p}`,
        ...{ value: percentile(hops, p), unit: 'ms', reference: null, ratio: null },
      }),
    )
  } finally {
    listener.disconnect()
    queue.close()
  }
}
