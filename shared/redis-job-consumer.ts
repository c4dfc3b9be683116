import { poolRecord } from './announcement.ts'
import { HeldEntries } from './held-entries.ts'
import { claimedJob, queueNumber, resultFields } from './job-arguments.ts'
import { EMPTY_QUEUE_TTL_MS } from './job-lifetime.ts'
import type {
  Announcement,
  ClaimedJob,
  Claims,
  HandedOut,
  JobConsumer,
  JobLeases,
  JobResult,
  LoneEntry,
  QueueName,
  QueueReader,
  ReleaseOutcome,
  SettleOutcome,
} from './job-queue.ts'
import { versionId } from './model-reference.ts'
import type { PoolRedisCommands, ScriptCall } from './pool-redis-commands.ts'
import { PRIORITIES } from './priority.ts'
import type { RedisReply } from './redis-commands.ts'
import { RedisJobLeases } from './redis-job-leases.ts'
import { QUEUE_GROUP, type RedisKeys } from './redis-keys.ts'
import { RedisQueueReader } from './redis-queue-reader.ts'
import { DEFAULT_RETRIES, type RetryPolicy } from './retry-policy.ts'
import { announceScript } from './scripts/announce.ts'
import { backlogScript } from './scripts/backlog.ts'
import { claimScript } from './scripts/claim.ts'
import { ensureQueueScript } from './scripts/ensure-queue.ts'
import { poolLeaveScript } from './scripts/pool-leave.ts'
import { releaseScript } from './scripts/release.ts'
import { settleScript } from './scripts/settle.ts'

export interface PoolIdentity {
  /** Name of this consumer in the group; unique among running pools. */
  poolId: string
  /** How long the edge believes that the pool lives after its last announcement, and how long it remembers the manifests. */
  poolTtlMs: number
  manifestTtlMs: number
  retries?: RetryPolicy
  /** 0 to 1; Math.random but in tests. */
  random?: () => number
}

/** Jobs that one script ends: nobody else is served by Redis meanwhile. */
const SETTLED_AT_ONCE = 64

/** The pool's side of the queue. */
export class RedisJobConsumer implements JobConsumer {
  readonly #redis: PoolRedisCommands
  readonly #keys: RedisKeys
  readonly #identity: PoolIdentity
  readonly #held = new HeldEntries()
  readonly leases: JobLeases
  #announced: Announcement | undefined
  #left = false

  constructor(redis: PoolRedisCommands, keys: RedisKeys, identity: PoolIdentity) {
    this.#redis = redis
    this.#keys = keys
    this.#identity = identity
    this.leases = new RedisJobLeases({
      ...{ redis, keys, held: this.#held, retries: DEFAULT_RETRIES, random: Math.random, ...identity },
    })
  }

  async open(queue: QueueName): Promise<QueueReader> {
    await this.#join(queue)
    return new RedisQueueReader({
      reader: await this.#redis.openReader(),
      keyOf: (priority) => this.#keys.queue(queue, priority),
      consumer: this.#identity.poolId,
      held: this.#held,
      rejoin: () => this.#rejoin(queue),
    })
  }

  async claim(queue: QueueName, entries: readonly HandedOut[], { alone = false } = {}): Promise<Claims> {
    if (entries.length === 0) return { jobs: [], lone: [] }
    const { model } = queue
    const claims = (await this.#redis.run(
      claimScript,
      [...this.#queueKeys(queue), ...entries.map(({ id }) => this.#keys.job(model, id))],
      [
        ...[QUEUE_GROUP, this.#identity.poolId, this.#keys.ofModel(model), alone ? '1' : ''],
        ...entries.flatMap(({ id, priority, entry }) => [id, queueNumber(priority), entry]),
      ],
    )) as RedisReply[][]
    const lone: LoneEntry[] = []
    const jobs = entries.map((handedOut, i) => {
      const [attempt, now, notBefore] = claims[i] ?? []
      if (attempt === 0) {
        lone.push({ handedOut, inMs: Math.max(0, Number(notBefore) - Number(now)) })
        return undefined
      }
      const job = claimedJob(handedOut, claims[i] ?? [])
      if (!job) this.#letGo(queue, handedOut)
      return job
    })
    return { jobs, lone }
  }

  inputKey({ model }: QueueName, id: string): string {
    return this.#keys.input(model, id)
  }

  async settle(
    queue: QueueName,
    settlements: readonly { job: ClaimedJob; result: JobResult }[],
  ): Promise<SettleOutcome[]> {
    const calls = []
    for (let i = 0; i < settlements.length; i += SETTLED_AT_ONCE)
      calls.push(this.#settleCall(queue, settlements.slice(i, i + SETTLED_AT_ONCE)))
    const outcomes = (await this.#redis.runMany(settleScript, calls)).flat() as SettleOutcome[]
    for (const { job } of settlements) this.#letGo(queue, job)
    return outcomes
  }

  async release(queue: QueueName, jobs: readonly ClaimedJob[]): Promise<ReleaseOutcome[]> {
    const calls = jobs.map(({ id, entry, attempt, priority }) => ({
      keys: [this.#keys.queue(queue, priority), this.#keys.job(queue.model, id)],
      args: [QUEUE_GROUP, entry, attempt, id],
    }))
    const outcomes = (await this.#redis.runMany(releaseScript, calls)) as ReleaseOutcome[]
    for (const job of jobs) this.#letGo(queue, job)
    return outcomes
  }

  async backlog(queue: QueueName): Promise<number> {
    return (await this.#redis.run(backlogScript, this.#queueKeys(queue), [])) as number
  }

  async announce(announcement: Announcement): Promise<string[]> {
    if (this.#left) return []
    this.#announced = announcement
    const { manifests, withdrawn, load } = announcement
    const { poolId, poolTtlMs, manifestTtlMs } = this.#identity
    const kept = await this.#redis.run(
      announceScript,
      [this.#keys.models(), this.#keys.workers()],
      [
        ...[poolId, poolTtlMs, poolRecord(manifests, load), manifestTtlMs, manifests.length],
        ...manifests.flatMap((manifest) => [versionId(manifest), JSON.stringify(manifest)]),
        ...withdrawn,
      ],
    )
    return kept as string[]
  }

  async leave(): Promise<void> {
    this.#left = true
    await this.#redis.run(poolLeaveScript, [this.#keys.workers()], [this.#identity.poolId])
  }

  #settleCall(queue: QueueName, settlements: readonly { job: ClaimedJob; result: JobResult }[]): ScriptCall {
    const { model } = queue
    const keys = settlements.flatMap(({ job: { id } }) => [
      this.#keys.job(model, id),
      this.#keys.input(model, id),
    ])
    const args = settlements.flatMap(({ job: { id, priority, entry, attempt }, result }) => {
      const fields = resultFields(result)
      return [id, queueNumber(priority), entry, attempt, result.status, fields.length, ...fields]
    })
    return {
      keys: [...this.#queueKeys(queue), ...keys],
      args: [QUEUE_GROUP, this.#keys.ofModel(model), ...args],
    }
  }

  #queueKeys(queue: QueueName): string[] {
    return PRIORITIES.map((priority) => this.#keys.queue(queue, priority))
  }

  #letGo(queue: QueueName, { entry, priority }: Pick<HandedOut, 'entry' | 'priority'>): void {
    this.#held.letGo(this.#keys.queue(queue, priority), entry)
  }

  async #join(queue: QueueName): Promise<void> {
    await this.#redis.run(ensureQueueScript, this.#queueKeys(queue), [QUEUE_GROUP, EMPTY_QUEUE_TTL_MS])
  }

  /** Queues that expired or were deleted under this pool are made anew; where that was the whole Redis, the models are gone too. */
  async #rejoin(queue: QueueName): Promise<void> {
    await this.#join(queue)
    if (this.#announced) await this.announce({ ...this.#announced, withdrawn: [] })
  }
}
