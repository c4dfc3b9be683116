import type { QueueReader } from '../../../shared/job-queue.ts'
import { RedisJobConsumer } from '../../../shared/redis-job-consumer.ts'
import { RedisJobProducer } from '../../../shared/redis-job-producer.ts'
import { RedisKeys } from '../../../shared/redis-keys.ts'
import { DEFAULT_RETRIES } from '../../../shared/retry-policy.ts'
import { QUEUE } from '../queue.ts'
import { expectAsModelled } from './as-modelled.ts'
import { type Connections, LossyRedis } from './connections.ts'
import { JobInvariants } from './job-invariants.ts'
import { PoolModel } from './model/pool-model.ts'
import { type ModelSettings, QueueModel, type Submission } from './model/queue-model.ts'
import { QueueInvariants } from './queue-invariants.ts'
import { type Snapshot, takeSnapshot } from './snapshot.ts'

/** A pool: what it is by the model, and in truth. */
export interface Pool {
  model: PoolModel
  consumer: RedisJobConsumer
  reader: QueueReader
  redis: LossyRedis
}

/** What was done to jobs, as far as it excuses what becomes of them. */
export interface Facts {
  /** Ids. */
  canceled: Set<string>
  /** Photos that a pool has failed on. */
  failed: Set<string>
  /** Photos whose input was deleted. */
  inputsLost: Set<string>
  /** Ids of jobs whose hash was deleted. */
  forgotten: Set<string>
  /** Entries whose stream was deleted. */
  cutOff: Set<string>
}

export const POOLS = 3
/** Long enough to pass in no test by itself. */
export const RESULT_TTL_MS = 3_600_000
const TOMBSTONE_MS = 600_000

/** One sequence of events, in Redis and in the model: a queue under a key prefix of its own. */
export class History {
  readonly model: QueueModel
  readonly connections: Connections
  readonly keys: RedisKeys
  readonly edge: { producer: RedisJobProducer; redis: LossyRedis }
  readonly pools: Pool[] = []
  readonly submissions: Submission[] = []
  /** What has come to pass, and how often. */
  readonly seen: Map<string, number>
  readonly facts: Facts = {
    canceled: new Set(),
    failed: new Set(),
    inputsLost: new Set(),
    forgotten: new Set(),
    cutOff: new Set(),
  }
  readonly #jobs: JobInvariants
  readonly #queues: QueueInvariants
  #poolsEver = 0
  snapshot: Snapshot | undefined

  private constructor(
    settings: ModelSettings,
    connections: Connections,
    prefix: string,
    seen: Map<string, number>,
  ) {
    this.model = new QueueModel(settings)
    this.connections = connections
    this.keys = new RedisKeys(prefix)
    this.seen = seen
    const { maxBacklog, maxBacklogBytes } = settings
    const redis = new LossyRedis(connections)
    const policy = { maxBacklog, maxBacklogBytes, deadlineMs: RESULT_TTL_MS, resultTtlMs: RESULT_TTL_MS }
    this.edge = {
      producer: new RedisJobProducer(redis, this.keys, { ...policy, tombstoneMs: TOMBSTONE_MS }),
      redis,
    }
    this.#jobs = new JobInvariants(this)
    this.#queues = new QueueInvariants(this)
  }

  static async begin(
    settings: ModelSettings,
    connections: Connections,
    prefix: string,
    seen: Map<string, number>,
  ): Promise<History> {
    const history = new History(settings, connections, prefix, seen)
    for (let i = 0; i < POOLS; i++) history.pools.push(await history.newPool())
    await history.check()
    return history
  }

  /** Leaves nothing behind. */
  async end(): Promise<void> {
    for (const { reader } of this.pools) reader.close()
    const { redis, heard } = this.connections
    heard.messages.clear()
    const keys = await redis.keys(`${this.keys.prefix}*`)
    if (keys.length > 0) await redis.unlink(keys)
  }

  /** A pool that has never been. */
  async newPool(): Promise<Pool> {
    const poolId = `pool-${this.#poolsEver++}`
    const redis = new LossyRedis(this.connections)
    const consumer = new RedisJobConsumer(redis, this.keys, {
      ...{ poolId, poolTtlMs: RESULT_TTL_MS, manifestTtlMs: RESULT_TTL_MS, random: () => 0.5 },
      retries: { ...DEFAULT_RETRIES, maxAttempts: this.model.settings.maxAttempts },
    })
    const reader = await consumer.open(QUEUE)
    for (const queue of Object.values(this.model.queues)) queue.hasGroup = true
    return { model: new PoolModel(poolId), consumer, reader, redis }
  }

  saw(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
  }

  /** After each step: Redis holds what the model says, and what must always hold does. */
  async check(): Promise<void> {
    const { messages } = this.connections.heard
    const snapshot = await takeSnapshot(this.connections, this.keys)
    this.snapshot = snapshot
    this.#learn(snapshot)
    this.#jobs.check(snapshot, messages)
    this.#queues.check(snapshot)
    expectAsModelled(this, snapshot, messages)
  }

  /** Times and entries of what is new are Redis' to say. */
  #learn({ hashes }: Snapshot): void {
    for (const job of this.model.jobs) {
      const stored = hashes.get(this.keys.job(QUEUE.model, job.id))
      if (!stored) continue
      job.createdAt = Number(stored.created_at)
      job.deadline = Number(stored.deadline)
      if (job.entry?.id === '') job.entry.id = stored.entry ?? ''
    }
  }
}
