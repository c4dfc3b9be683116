import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'

const PREFIX = 'bench:value:'
/** As redis-benchmark writes the number that takes the place of `__rand_int__`. */
const DIGITS = 12
/** Values written at the same time. */
const AT_ONCE = 64

/**
 * GETs a second that redis-benchmark itself reads, 50 connections at a time: the most that this Redis gives. Of as many different
 * values as a queue holds inputs, since one that is read over and over comes from the processor's cache.
 */
export async function redisBenchmarkGets(
  url: string,
  valueBytes: number,
  values: number,
  signal: AbortSignal,
): Promise<number> {
  const redis = new Redis(url, { protocol: 2 })
  const keys = Array.from({ length: values }, (_, i) => PREFIX + String(i).padStart(DIGITS, '0'))
  try {
    const value = Buffer.alloc(valueBytes, 7)
    for (let i = 0; i < keys.length; i += AT_ONCE) {
      signal.throwIfAborted()
      await Promise.all(keys.slice(i, i + AT_ONCE).map((key) => redis.set(key, value)))
    }
    const { hostname, port } = new URL(url)
    const load = ['-n', String(values), '-c', '50', '-r', String(values), '--csv']
    const args = ['-h', hostname, '-p', port, ...load, 'GET', `${PREFIX}__rand_int__`]
    const { stdout } = await promisify(execFile)('redis-benchmark', args, { signal })
    // A line for each command, as it was given: "GET bench:value:__rand_int__","9523.81",...
    const perSecond = Number(/^"GET[^"]*","([\d.]+)"/m.exec(stdout)?.[1])
    if (!(perSecond > 0)) throw new Error(`redis-benchmark said: ${stdout.slice(0, 500)}`)
    return perSecond
  } finally {
    for (let i = 0; i < keys.length; i += 1000) await redis.unlink(keys.slice(i, i + 1000))
    redis.disconnect()
  }
}
