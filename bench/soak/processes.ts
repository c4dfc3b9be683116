import { readdir, readFile } from 'node:fs/promises'
import type { Redis } from 'ioredis'
import { childProcess } from '../../local-stack/cpu-time.ts'
import type { EdgeRuntime } from '../../local-stack/env.ts'
import type { Stack } from '../../local-stack/stack.ts'

/** A process of the stack. */
export interface Part {
  name: string
  pid: number
}

export interface ProcessSample {
  rssMiB: number
  /** Open files, sockets among them. */
  fds: number
  /** Processor time since it began. */
  cpuMs: number
}

/** Every process of a stack. Linux only, like all of these. */
export async function partsOf(stack: Stack, redis: Redis, edgeRuntime: EdgeRuntime): Promise<Part[]> {
  const redisPid = Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1])
  const edge = stack.edge.service.pid
  return [
    ...(edgeRuntime === 'workerd'
      ? [
          { name: 'workerd', pid: await childProcess(edge, 'workerd') },
          { name: 'miniflare', pid: edge },
        ]
      : [{ name: 'edge', pid: edge }]),
    { name: 'gateway', pid: stack.gateway.service.pid },
    { name: 'redis', pid: redisPid },
    ...stack.pools.map(({ pid }, i) => ({ name: stack.pools.length > 1 ? `pool ${i + 1}` : 'pool', pid })),
  ]
}

export async function sample({ pid }: Part): Promise<ProcessSample> {
  const [status, files, stat] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readdir(`/proc/${pid}/fd`),
    readFile(`/proc/${pid}/stat`, 'utf8'),
  ])
  return {
    rssMiB: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024,
    fds: files.length,
    cpuMs: processorMs(stat),
  }
}

/** Linux counts in hundredths of a second, whatever the kernel's own tick. */
const TICK_MS = 10

/** "123 (name) S 1 ...": the name may hold spaces; user and system time are the 12th and 13th word after it. */
function processorMs(stat: string): number {
  const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(words[11]) + Number(words[12])) * TICK_MS
}
