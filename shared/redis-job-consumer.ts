import { readJobInput } from './job-input.ts'
import type { ClaimedJob, JobConsumer, JobResult, SettleOutcome } from './job-queue.ts'
import type { ModelManifest } from './model-manifest.ts'
import type { LuaScript } from './redis-commands.ts'
import {
  type RedisCommands,
  type RedisReply,
  RedisReplyError,
  type ScriptArgument,
} from './redis-commands.ts'
import { QUEUE_GROUP, type RedisKeys } from './redis-keys.ts'
import { announceScript } from './scripts/announce.ts'
import { claimScript } from './scripts/claim.ts'
import { ensureQueueScript } from './scripts/ensure-queue.ts'
import { settleScript } from './scripts/settle.ts'

/** What a pool needs of Redis beyond the edge's part: its own TCP connections, binary values, blocking reads. */
export interface PoolRedisCommands extends RedisCommands {
  /** Runs a script once for each of `calls`, all in one round trip. Replies in order; the first error is thrown. */
  runMany(script: LuaScript, calls: readonly ScriptCall[]): Promise<RedisReply[]>
  /**
   * XREADGROUP on a connection of its own because it blocks. Empty when `blockMs` has passed. Gives new entries; after the
   * connection was lost, whatever is pending for this consumer comes first, since Redis may have handed out what never arrived.
   */
  readGroup(request: GroupRead): Promise<{ entry: string; job: string }[]>
  /**
   * Strings; null for a key that is gone or holds something else. Each is asked for by a command of its own: Upstash bounds what
   * one answer may hold (10 MB), and encoded photos are large.
   */
  getBytes(keys: readonly string[]): Promise<(Uint8Array | null)[]>
  /** Makes a `readGroup` that is waiting come back now, with what it has; nothing handed out is lost. */
  endWaiting(): Promise<void>
}

export interface ScriptCall {
  keys: readonly string[]
  args: readonly ScriptArgument[]
}

export interface GroupRead {
  stream: string
  group: string
  consumer: string
  count: number
  blockMs: number
}

export interface PoolIdentity {
  /** Name of this consumer in the group; unique among running pools. */
  poolId: string
  /** How long the edge remembers a manifest after its last announcement. */
  manifestTtlMs: number
}

/** TTL of a queue that exists only because a pool joined it; jobs that arrive prolong it. The pool joins again if need be. */
const EMPTY_QUEUE_TTL_MS = 3_600_000

/** The pool's side of the queue. */
export class RedisJobConsumer implements JobConsumer {
  readonly #redis: PoolRedisCommands
  readonly #keys: RedisKeys
  readonly #identity: PoolIdentity
  /** By model: entries that Redis has handed to us and not yet let us claim. Handed out once, they come from nowhere else. */
  readonly #handedOut = new Map<string, { entry: string; job: string }[]>()
  /** Entries claimed and not yet settled. */
  readonly #inFlight = new Set<string>()
  #announced: readonly ModelManifest[] = []

  constructor(redis: PoolRedisCommands, keys: RedisKeys, identity: PoolIdentity) {
    this.#redis = redis
    this.#keys = keys
    this.#identity = identity
  }

  async join(model: string): Promise<void> {
    await this.#redis.run(ensureQueueScript, [this.#keys.queue(model)], [QUEUE_GROUP, EMPTY_QUEUE_TTL_MS])
  }

  async claim(model: string, max: number, blockMs: number): Promise<ClaimedJob[]> {
    const entries = this.#handedOut.get(model) ?? (await this.#read(model, max, blockMs))
    if (entries.length === 0) return []
    this.#handedOut.set(model, entries)
    const stamps = entries.flatMap(({ entry, job }) => [entry, this.#keys.done(model, job)])
    const jobKeys = entries.map(({ job }) => this.#keys.job(model, job))
    // Sent together on one connection: Redis answers the claims first, then the inputs.
    const [claims, payloads] = await Promise.all([
      this.#redis.run(
        claimScript,
        [this.#keys.queue(model), ...jobKeys],
        [QUEUE_GROUP, this.#identity.poolId, ...stamps],
      ),
      this.#redis.getBytes(entries.map(({ job }) => this.#keys.input(model, job))),
    ])
    this.#handedOut.delete(model)
    return entries.flatMap(({ entry, job }, i) => {
      const [attempt, ...inputFields] = (claims as RedisReply[][])[i] ?? []
      if (typeof attempt !== 'number') return []
      this.#inFlight.add(entry)
      const input = readJobInput(inputFields)
      return [{ id: job, entry, attempt, input, payload: payloads[i] ?? undefined }]
    })
  }

  async settle(
    model: string,
    settlements: readonly { job: ClaimedJob; result: JobResult }[],
  ): Promise<SettleOutcome[]> {
    const calls = settlements.map(({ job, result }) => ({
      keys: [this.#keys.queue(model), this.#keys.job(model, job.id), this.#keys.input(model, job.id)],
      args: [
        QUEUE_GROUP,
        job.entry,
        job.attempt,
        result.status,
        this.#keys.done(model, job.id),
        ...resultFields(result),
      ],
    }))
    const outcomes = (await this.#redis.runMany(settleScript, calls)) as SettleOutcome[]
    for (const { job } of settlements) this.#inFlight.delete(job.entry)
    return outcomes
  }

  async endWaiting(): Promise<void> {
    await this.#redis.endWaiting()
  }

  async announce(manifests: readonly ModelManifest[]): Promise<void> {
    this.#announced = manifests
    const announcements = manifests.flatMap((manifest) => [manifest.name, JSON.stringify(manifest)])
    await this.#redis.run(
      announceScript,
      [this.#keys.models()],
      [this.#identity.manifestTtlMs, ...announcements],
    )
  }

  /**
   * A queue that expired or was deleted while this pool waited is made anew, as if no job had come; where that was the whole
   * Redis, the models are gone too.
   */
  async #read(model: string, count: number, blockMs: number): Promise<{ entry: string; job: string }[]> {
    const stream = this.#keys.queue(model)
    try {
      const entries = await this.#redis.readGroup({
        stream,
        group: QUEUE_GROUP,
        consumer: this.#identity.poolId,
        count,
        blockMs,
      })
      return entries.filter(({ entry }) => !this.#inFlight.has(entry))
    } catch (error) {
      if (!(error instanceof RedisReplyError) || !/^(NOGROUP|UNBLOCKED)/.test(error.message)) throw error
      await this.join(model)
      await this.announce(this.#announced)
      return []
    }
  }
}

function resultFields(result: JobResult): ScriptArgument[] {
  if (result.status === 'failed') return ['error', result.code]
  const { modelVersion, predictions, predictMs, batchSize } = result
  return [
    'model_version',
    modelVersion,
    'predictions',
    JSON.stringify(predictions),
    'predict_ms',
    predictMs.toFixed(3),
    'batch_size',
    batchSize,
  ]
}
