import { cpus } from 'node:os'
import { setInterval } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { type Part, type ProcessSample, sample } from './processes.ts'

const LOOK_EVERY_MS = 2_000

/** What the stack takes at a moment. */
export interface StackSample {
  parts: Record<string, ProcessSample>
  redisMiB: number
  /** What the edge's isolate holds when its garbage is collected; only of one at rest, in workerd. */
  isolateMiB?: number | undefined
}

/** Between two moments. */
export interface Usage {
  /** Cores that each part kept busy, us included; `others`: all that is neither the stack nor we. */
  cores: Record<string, number>
  peak: StackSample
}

/** Looks at the stack's processes and at Redis' memory. */
export class StackWatch {
  readonly #parts: readonly Part[]
  readonly #redis: Redis
  readonly #isolateMiB: (() => Promise<number>) | undefined

  constructor(parts: readonly Part[], redis: Redis, isolateMiB: (() => Promise<number>) | undefined) {
    this.#parts = parts
    this.#redis = redis
    this.#isolateMiB = isolateMiB
  }

  /** With no call under way. Garbage is collected after processes were looked at. */
  async sampleAtRest(): Promise<StackSample> {
    return { ...(await this.sample()), isolateMiB: await this.#isolateMiB?.() }
  }

  async sample(): Promise<StackSample> {
    const samples = this.#parts.map(async (part) => [part.name, await sample(part)] as const)
    const used = /^used_memory:(\d+)/m.exec(await this.#redis.info('memory'))?.[1]
    return { parts: Object.fromEntries(await Promise.all(samples)), redisMiB: Number(used) / 2 ** 20 }
  }

  /** What the stack takes while `work` goes on; `ownMs`: what of the processor time the load itself took. */
  async during<T>(
    work: () => Promise<T>,
    ownMs: (result: T) => number,
  ): Promise<{ result: T; usage: Usage }> {
    const looking = new AbortController()
    const [begin, before, busyBefore, us] = [
      performance.now(),
      await this.sample(),
      busyMs(),
      process.cpuUsage(),
    ]
    const peaks = this.#peaks(before, looking.signal)
    try {
      const result = await work()
      const after = await this.sample()
      const ms = performance.now() - begin
      const { user, system } = process.cpuUsage(us)
      const load = ownMs(result) + (user + system) / 1000
      const parts = Object.entries(after.parts).map(
        ([name, { cpuMs }]) => [name, cpuMs - (before.parts[name]?.cpuMs ?? 0)] as const,
      )
      const known = parts.reduce((sum, [, cpuMs]) => sum + cpuMs, load)
      const all = [...parts, ['load', load], ['others', Math.max(0, busyMs() - busyBefore - known)]] as const
      looking.abort()
      const cores = Object.fromEntries(all.map(([name, cpuMs]) => [name, cpuMs / ms]))
      return { result, usage: { cores, peak: highest(await peaks, after) } }
    } finally {
      looking.abort()
    }
  }

  async #peaks(first: StackSample, signal: AbortSignal): Promise<StackSample> {
    let peak = first
    try {
      for await (const _ of setInterval(LOOK_EVERY_MS, undefined, { signal }))
        peak = highest(peak, await this.sample())
    } catch (error) {
      if (!signal.aborted) throw error
    }
    return peak
  }
}

function highest(a: StackSample, b: StackSample): StackSample {
  const parts = Object.entries(a.parts).map(([name, one]) => {
    const other = b.parts[name] ?? one
    const part: ProcessSample = {
      rssMiB: Math.max(one.rssMiB, other.rssMiB),
      fds: Math.max(one.fds, other.fds),
      cpuMs: Math.max(one.cpuMs, other.cpuMs),
    }
    return [name, part]
  })
  return { parts: Object.fromEntries(parts), redisMiB: Math.max(a.redisMiB, b.redisMiB) }
}

/** Of all cores, since the machine began. */
function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
}
