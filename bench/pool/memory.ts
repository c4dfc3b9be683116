import { readFile } from 'node:fs/promises'
import type { Row } from '../report.ts'
import { MEMORY_STEP } from './options.ts'
import { IMAGE_BYTES, QueueSide } from './queue-side.ts'

/** Results are of no interest and must not fill Redis. */
const RESULT_TTL_MS = 1_000

/** What a pool's process holds in memory after many jobs, beside what it held after the first `few`. */
export async function measureMemory(
  { redisUrl, prefix, pid }: { redisUrl: string; prefix: string; pid: number },
  few: number,
  many: number,
  signal: AbortSignal,
  onProgress: (line: string) => void,
): Promise<Row[]> {
  const queue = await QueueSide.open(redisUrl, prefix, RESULT_TTL_MS)
  try {
    const image = Buffer.from(Buffer.alloc(IMAGE_BYTES, 7).toString('base64'), 'latin1')
    const after: Record<number, number> = {}
    for (let done = MEMORY_STEP; done <= many; done += MEMORY_STEP) {
      await queue.fill(MEMORY_STEP, 'base64', image, signal)
      while ((await queue.backlog()) > 0) signal.throwIfAborted()
      if (done === few || done === many) after[done] = await residentMiB(pid)
      if (done % (10 * MEMORY_STEP) === 0)
        onProgress(`memory: ${done} jobs, ${(await residentMiB(pid)).toFixed(1)} MiB`)
    }
    const [early, late] = [after[few] as number, after[many] as number]
    return [
      {
        case: 'memory of a pool, no-op model',
        metric: `resident after ${many} jobs, beside after ${few}`,
        ...{ value: late, unit: 'MiB', reference: early, ratio: late / early },
      },
    ]
  } finally {
    queue.close()
  }
}

/** Linux only. */
async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
}
