import type { Redis } from 'ioredis'
import { modelOfJobId } from '../../shared/job-id.ts'
import { isTerminal, type JobStatus } from '../../shared/job-state.ts'
import type { RedisKeys } from '../../shared/redis-keys.ts'

const PAGE = 500

export interface KeysLeft {
  /** How many there are of each kind: `job`, `input`, `queue`... */
  byKind: Record<string, number>
  /** Those without a TTL, but for API keys, which are settings. */
  withoutTtl: string[]
  /** Entries of queues that no pool has done with. */
  entries: number
  /** Ids of jobs that have not ended. */
  openJobs: string[]
}

/** Everything under the prefix. */
export async function keysLeft(redis: Redis, keys: RedisKeys): Promise<KeysLeft> {
  const left: KeysLeft = { byKind: {}, withoutTtl: [], entries: 0, openJobs: [] }
  const names = new Set<string>()
  for await (const page of redis.scanStream({ match: `${keys.prefix}*`, count: PAGE }))
    for (const name of page as string[]) names.add(name)
  for (const name of names) {
    const kind = kindOf(name.slice(keys.prefix.length))
    left.byKind[kind] = (left.byKind[kind] ?? 0) + 1
    if ((await redis.ttl(name)) === -1 && name !== keys.apiKeys()) left.withoutTtl.push(name)
    if (kind === 'queue') left.entries += await redis.xlen(name)
    const status = kind === 'job' ? await redis.hget(name, 'status') : null
    if (status === 'queued' || status === 'processing')
      left.openJobs.push(name.slice(name.lastIndexOf(':') + 1))
  }
  return left
}

/** `{model}:job:<id>` -> `job`; `idem:<digest>` -> `idem`. */
function kindOf(name: string): string {
  return name.replace(/^\{[^}]*\}:/, '').split(':', 1)[0] as string
}

/** Jobs that callers were told of, against what Redis holds of them. Empty where both agree. */
export async function contradictions(
  redis: Redis,
  keys: RedisKeys,
  jobs: readonly (readonly [id: string, status: JobStatus])[],
): Promise<string[]> {
  const wrong: string[] = []
  for (let i = 0; i < jobs.length; i += PAGE) {
    const page = jobs.slice(i, i + PAGE)
    const reading = redis.pipeline()
    for (const [id] of page) reading.hget(keys.job(modelOfJobId(id) ?? '', id), 'status')
    const stored = await reading.exec()
    page.forEach(([id, seen], j) => {
      const held = stored?.[j]?.[1] as JobStatus | null
      if (isTerminal(seen) && held !== null && held !== seen)
        wrong.push(`${id} ended ${seen} for its caller, ${held} in Redis`)
      if (!isTerminal(seen) && (held === null || !isTerminal(held)))
        wrong.push(`${id} was ${seen} when its caller last saw it, and is ${held ?? 'gone'} in Redis`)
    })
  }
  return wrong
}
