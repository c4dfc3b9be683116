import { poolRecord } from './announcement.ts'
import type { JobOutput } from './job.ts'
import { readJobInput } from './job-input.ts'
import type {
  Announcement,
  ClaimedJob,
  HandedOut,
  JobConsumer,
  JobResult,
  QueueName,
  QueueReader,
  ReleaseOutcome,
  SettleOutcome,
  Taken,
} from './job-queue.ts'
import { versionId } from './model-reference.ts'
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
import { leaveScript } from './scripts/leave.ts'
import { releaseScript } from './scripts/release.ts'
import { settleScript } from './scripts/settle.ts'

/** What a pool needs of Redis beyond the edge's part: its own TCP connections, and reads that wait on one each. */
export interface PoolRedisCommands extends RedisCommands {
  /** Runs a script once for each of `calls`, all in one round trip. Replies in order; the first error is thrown. */
  runMany(script: LuaScript, calls: readonly ScriptCall[]): Promise<RedisReply[]>
  openReader(): Promise<GroupReader>
}

/** XREADGROUP on a connection of its own because it blocks. */
export interface GroupReader {
  /**
   * Gives new entries, none when `blockMs` has passed (0: at once). After the connection was lost, all that is pending for this consumer
   * comes first, however much it is, since Redis may have handed out what never arrived. Undefined: the connection was lost.
   */
  read(request: GroupRead): Promise<GroupEntries | undefined>
  /** Makes reads that are waiting come back now, with what they have; nothing handed out is lost. */
  endWaiting(): Promise<void>
  close(): void
}

export interface GroupEntries {
  entries: { entry: string; job: string }[]
  /** They are what is pending, not what is new. */
  recovered: boolean
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
  /** How long the edge believes that the pool lives after its last announcement, and how long it remembers the manifests. */
  poolTtlMs: number
  manifestTtlMs: number
}

/** TTL of a queue that exists only because a pool joined it; jobs that arrive prolong it. The pool joins again if need be. */
const EMPTY_QUEUE_TTL_MS = 3_600_000

/** Jobs that one script ends: nobody else is served by Redis meanwhile. */
const SETTLED_AT_ONCE = 64

/** The pool's side of the queue. */
export class RedisJobConsumer implements JobConsumer {
  readonly #redis: PoolRedisCommands
  readonly #keys: RedisKeys
  readonly #identity: PoolIdentity
  /** Entries handed out and neither settled, released nor found to be nobody's; by queue, as others have the same ids. */
  readonly #held = new Set<string>()
  #announced: Announcement | undefined
  #left = false

  constructor(redis: PoolRedisCommands, keys: RedisKeys, identity: PoolIdentity) {
    this.#redis = redis
    this.#keys = keys
    this.#identity = identity
  }

  async open(queue: QueueName): Promise<QueueReader> {
    await this.#join(queue)
    const reader = await this.#redis.openReader()
    const recovered: HandedOut[] = []
    return {
      take: (max, blockMs) => this.#take(queue, reader, recovered, max, blockMs),
      endWaiting: () => reader.endWaiting(),
      close: () => reader.close(),
    }
  }

  async claim(queue: QueueName, entries: readonly HandedOut[]): Promise<(ClaimedJob | undefined)[]> {
    if (entries.length === 0) return []
    const { model } = queue
    const claims = (await this.#redis.run(
      claimScript,
      [this.#keys.queue(queue), ...entries.map(({ id }) => this.#keys.job(model, id))],
      [
        QUEUE_GROUP,
        this.#identity.poolId,
        ...entries.flatMap(({ entry, id }) => [entry, this.#keys.done(model, id)]),
      ],
    )) as RedisReply[][]
    return entries.map((handedOut, i) => {
      const job = claimedJob(handedOut, claims[i] ?? [])
      if (!job) this.#letGo(queue, handedOut)
      return job
    })
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
    const calls = jobs.map(({ id, entry, attempt }) => ({
      keys: [this.#keys.queue(queue), this.#keys.job(queue.model, id)],
      args: [QUEUE_GROUP, entry, attempt, id],
    }))
    const outcomes = (await this.#redis.runMany(releaseScript, calls)) as ReleaseOutcome[]
    for (const job of jobs) this.#letGo(queue, job)
    return outcomes
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
    await this.#redis.run(leaveScript, [this.#keys.workers()], [this.#identity.poolId])
  }

  #settleCall(queue: QueueName, settlements: readonly { job: ClaimedJob; result: JobResult }[]): ScriptCall {
    const { model } = queue
    const keys = settlements.flatMap(({ job: { id } }) => [
      this.#keys.job(model, id),
      this.#keys.input(model, id),
    ])
    const args = settlements.flatMap(({ job: { id, entry, attempt }, result }) => {
      const fields = resultFields(result)
      return [entry, attempt, result.status, this.#keys.done(model, id), fields.length, ...fields]
    })
    return { keys: [this.#keys.queue(queue), ...keys], args: [QUEUE_GROUP, ...args] }
  }

  #heldAs(queue: QueueName, entry: string): string {
    return `${this.#keys.queue(queue)} ${entry}`
  }

  #letGo(queue: QueueName, { entry }: { entry: string }): void {
    this.#held.delete(this.#heldAs(queue, entry))
  }

  async #join(queue: QueueName): Promise<void> {
    await this.#redis.run(ensureQueueScript, [this.#keys.queue(queue)], [QUEUE_GROUP, EMPTY_QUEUE_TTL_MS])
  }

  /**
   * A queue that expired or was deleted while this pool waited is made anew, as if no job had come; where that was the whole
   * Redis, the models are gone too. `recovered`: what was pending and did not fit into what was asked for; it is given first.
   */
  async #take(
    queue: QueueName,
    reader: GroupReader,
    recovered: HandedOut[],
    count: number,
    blockMs: number,
  ): Promise<Taken> {
    const left = this.#hold(queue, recovered.splice(0), count, recovered)
    if (left.length > 0) return { entries: left, isAll: false }
    const request = {
      ...{ stream: this.#keys.queue(queue), group: QUEUE_GROUP },
      ...{ consumer: this.#identity.poolId, count, blockMs },
    }
    try {
      const read = await reader.read(request)
      const entries = read?.entries.map(({ entry, job }) => ({ entry, id: job })) ?? []
      const isAll = read !== undefined && !read.recovered && entries.length < count
      return { entries: this.#hold(queue, entries, count, recovered), isAll }
    } catch (error) {
      if (!(error instanceof RedisReplyError) || !/^(NOGROUP|UNBLOCKED)/.test(error.message)) throw error
      await this.#join(queue)
      if (this.#announced) await this.announce({ ...this.#announced, withdrawn: [] })
      return { entries: [], isAll: false }
    }
  }

  /** The first `count` of those that this pool does not hold already; it holds them now. What is more goes to `rest`. */
  #hold(queue: QueueName, entries: readonly HandedOut[], count: number, rest: HandedOut[]): HandedOut[] {
    const fresh = entries.filter(({ entry }) => !this.#held.has(this.#heldAs(queue, entry)))
    rest.push(...fresh.slice(count))
    const taken = fresh.slice(0, count)
    for (const { entry } of taken) this.#held.add(this.#heldAs(queue, entry))
    return taken
  }
}

function claimedJob({ entry, id }: HandedOut, claim: RedisReply[]): ClaimedJob | undefined {
  const [attempt, claimedAt, createdAt, requestId, traceparent, ...inputFields] = claim
  if (typeof attempt !== 'number') return undefined
  return {
    ...{ id, entry, attempt },
    createdAt: Number(createdAt),
    claimedAt: Number(claimedAt),
    requestId: String(requestId ?? ''),
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
    input: readJobInput(inputFields),
  }
}

function resultFields(result: JobResult): ScriptArgument[] {
  if (result.status === 'failed') return ['error', result.code]
  const { modelVersion, output, predictMs, batchSize } = result
  return [
    'model_version',
    modelVersion,
    output.kind,
    JSON.stringify(resultOf(output)),
    'predict_ms',
    predictMs.toFixed(3),
    'batch_size',
    batchSize,
  ]
}

/** What the job hash holds in the field named after the output's kind. */
function resultOf(output: JobOutput): unknown {
  switch (output.kind) {
    case 'predictions':
      return output.predictions
    case 'embedding':
      return output.embedding
    case 'tensors':
      return output.tensors
  }
}
