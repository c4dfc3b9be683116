import { setTimeout as sleep } from 'node:timers/promises'
import type { PublicJob } from '../../shared/public-job.ts'
import { RedisJobProducer } from '../../shared/redis-job-producer.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import type { BenchSetup } from '../bench-setup.ts'
import { fillQueue } from '../drained-queue.ts'
import type { Row } from '../report.ts'
import { percentile } from '../statistics.ts'
import { withStack } from './bench-stack.ts'

const LOOK_EVERY_MS = 250
const DEADLINE_MS = 3_600_000

interface Estimate {
  at: number
  etaSeconds: number
}

/** What the last of many jobs is told while a pool works through them, against how long it then really took. */
export function measureEta(setup: BenchSetup, jobs: number): Promise<Row[]> {
  setup.onProgress(`eta: ${jobs} jobs`)
  return withStack(setup, { pools: 1 }, async (stack) => {
    const redis = await RedisTcp.connect(stack.redisUrl)
    try {
      const policy = { maxBacklog: jobs + 1, deadlineMs: DEADLINE_MS, resultTtlMs: DEADLINE_MS }
      const ids = await fillQueue(setup, new RedisJobProducer(redis, new RedisKeys('eb:'), policy), jobs)
      const { estimates, endedAt } = await followed(`${stack.edge.url}/result/${ids.at(-1)}`, setup.signal)
      const ratios = estimates.map(({ at, etaSeconds }) => etaSeconds / ((endedAt - at) / 1000))
      const row = (metric: string, value: number): Row => ({
        ...{
          case: `eta_seconds of the last of ${jobs} jobs`,
          metric,
          value,
          unit: '',
          reference: 1,
          ratio: value,
        },
      })
      return [
        row(`told / really, median of ${ratios.length} looks`, percentile(ratios, 50)),
        row('told / really, p10', percentile(ratios, 10)),
        row('told / really, p90', percentile(ratios, 90)),
      ]
    } finally {
      redis.close()
    }
  })
}

/** Looks until the job has ended. Of its last second nothing is taken: there, whole batches decide. */
async function followed(
  url: string,
  signal: AbortSignal,
): Promise<{ estimates: Estimate[]; endedAt: number }> {
  const estimates: Estimate[] = []
  for (;;) {
    const at = Date.now()
    const job = (await (await fetch(url, { signal })).json()) as PublicJob
    if (job.completed_at) {
      const endedAt = Date.parse(job.completed_at)
      return { estimates: estimates.filter(({ at }) => endedAt - at > 1_000), endedAt }
    }
    if (job.eta_seconds !== null && job.status === 'queued')
      estimates.push({ at, etaSeconds: job.eta_seconds })
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  }
}
