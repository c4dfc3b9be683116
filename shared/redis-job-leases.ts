import type { HeldEntries } from './held-entries.ts'
import { queueNumber } from './job-arguments.ts'
import type {
  ClaimedJob,
  HandedOut,
  JobLeases,
  LoneEntry,
  LossReason,
  QueueName,
  Retried,
  TakenOver,
  TakeOverOptions,
} from './job-queue.ts'
import { versionId } from './model-reference.ts'
import type { PoolRedisCommands } from './pool-redis-commands.ts'
import { PRIORITIES } from './priority.ts'
import { QUEUE_GROUP, type RedisKeys } from './redis-keys.ts'
import { type RetryPolicy, scriptPolicy } from './retry-policy.ts'
import { renewScript } from './scripts/renew.ts'
import { retryScript } from './scripts/retry.ts'
import { takeOverScript } from './scripts/take-over.ts'

export interface RedisJobLeasesDeps {
  redis: Pick<PoolRedisCommands, 'run'>
  keys: RedisKeys
  poolId: string
  retries: RetryPolicy
  random: () => number
  /** What this pool holds. */
  held: HeldEntries
}

/** Where looking at a version's queues goes on, and since when this pool has been in touch with Redis without a break; ms by Redis' clock. */
interface Progress {
  cursors: string[]
  spokeAt: number
  inTouchSince: number
}

/** In the scripts' answers, in place of the time before which a job is not to be run. */
const NOT_ALONE = -1
const DEAD = -2

/** Leases are what Redis keeps of entries that it has handed out: whose they are, and since when nothing was said of them. */
export class RedisJobLeases implements JobLeases {
  readonly #deps: RedisJobLeasesDeps
  /** By version. */
  readonly #progress = new Map<string, Progress>()

  constructor(deps: RedisJobLeasesDeps) {
    this.#deps = deps
  }

  async renew(queue: QueueName): Promise<void> {
    const { redis, poolId, held } = this.#deps
    const keys = this.#queueKeys(queue)
    const entries = keys.map((key) => held.of(key))
    if (entries.every(({ length }) => length === 0)) return
    const args = entries.flatMap((ids) => [ids.length, ...ids])
    await redis.run(renewScript, keys, [QUEUE_GROUP, poolId, ...args])
  }

  async takeOver(queue: QueueName, options: TakeOverOptions): Promise<TakenOver> {
    const { redis, keys, poolId, held } = this.#deps
    const progress = this.#progress.get(versionId({ name: queue.model, version: queue.version }))
    const reply = await redis.run(takeOverScript, this.#queueKeys(queue), [
      JSON.stringify({
        ...{ group: QUEUE_GROUP, pool: poolId, base: keys.ofModel(queue.model), policy: this.#policy() },
        ...{ idle_ms: options.idleMs, max: options.max, remove_idle_ms: options.removeIdleMs ?? 0 },
        silence_ms: options.silenceMs,
        ...(progress && { spoke_at: progress.spokeAt, in_touch_since: progress.inTouchSince }),
        cursors: progress?.cursors ?? PRIORITIES.map(() => '0-0'),
      }),
    ])
    const [now, cursors, ...items] = reply as [number, string[], ...[number, string, string, number][]]
    this.#spoke(queue, now, cursors, options.silenceMs)
    const taken: TakenOver = { entries: [], lone: [], dead: [] }
    for (const [stream, entry, id, notBefore] of items) {
      const handedOut = { entry, id, priority: PRIORITIES[stream] ?? 'normal' }
      if (notBefore === DEAD) taken.dead.push(id)
      else {
        held.hold(keys.queue(queue, handedOut.priority), entry)
        if (notBefore === NOT_ALONE) taken.entries.push(handedOut)
        else taken.lone.push(loneEntry(handedOut, notBefore, now))
      }
    }
    return taken
  }

  async retry(queue: QueueName, jobs: readonly ClaimedJob[], reason: LossReason): Promise<Retried> {
    const { redis, keys, held } = this.#deps
    const options = { group: QUEUE_GROUP, base: keys.ofModel(queue.model), reason, policy: this.#policy() }
    const reply = await redis.run(
      retryScript,
      [...this.#queueKeys(queue), ...jobs.map(({ id }) => keys.job(queue.model, id))],
      [
        JSON.stringify(options),
        ...jobs.flatMap(({ id, priority, entry, attempt }) => [id, queueNumber(priority), entry, attempt]),
      ],
    )
    const [now = 0, ...notBefore] = reply as number[]
    const retried: Retried = { lone: [], dead: [] }
    for (const [i, { id, entry, priority }] of jobs.entries()) {
      const at = notBefore[i] ?? NOT_ALONE
      if (at >= 0) retried.lone.push(loneEntry({ id, entry, priority }, at, now))
      else held.letGo(keys.queue(queue, priority), entry)
      if (at === DEAD) retried.dead.push(id)
    }
    return retried
  }

  #spoke(queue: QueueName, now: number, cursors: string[], silenceMs: number): void {
    const id = versionId({ name: queue.model, version: queue.version })
    const before = this.#progress.get(id)
    const inTouch = !before || now - before.spokeAt <= silenceMs
    const inTouchSince = inTouch ? (before?.inTouchSince ?? 0) : now
    this.#progress.set(id, { cursors, spokeAt: now, inTouchSince })
  }

  #policy(): Record<string, number> {
    const { retries, random } = this.#deps
    return scriptPolicy(retries, random())
  }

  #queueKeys(queue: QueueName): string[] {
    return PRIORITIES.map((priority) => this.#deps.keys.queue(queue, priority))
  }
}

function loneEntry(handedOut: HandedOut, notBefore: number, now: number): LoneEntry {
  return { handedOut, inMs: Math.max(0, notBefore - now) }
}
