import { poolRecord } from './announcement.ts'
import { HeldEntries } from './held-entries.ts'
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
} from './job-queue.ts'
import { versionId } from './model-reference.ts'
import type { PoolRedisCommands, ScriptCall } from './pool-redis-commands.ts'
import { PRIORITIES, type Priority } from './priority.ts'
import type { RedisReply, ScriptArgument } from './redis-commands.ts'
import { QUEUE_GROUP, type RedisKeys } from './redis-keys.ts'
import { RedisQueueReader } from './redis-queue-reader.ts'
import { announceScript } from './scripts/announce.ts'
import { claimScript } from './scripts/claim.ts'
import { ensureQueueScript } from './scripts/ensure-queue.ts'
import { leaveScript } from './scripts/leave.ts'
import { releaseScript } from './scripts/release.ts'
import { settleScript } from './scripts/settle.ts'

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
  readonly #held = new HeldEntries()
  #announced: Announcement | undefined
  #left = false

  constructor(redis: PoolRedisCommands, keys: RedisKeys, identity: PoolIdentity) {
    this.#redis = redis
    this.#keys = keys
    this.#identity = identity
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

  async claim(queue: QueueName, entries: readonly HandedOut[]): Promise<(ClaimedJob | undefined)[]> {
    if (entries.length === 0) return []
    const { model } = queue
    const claims = (await this.#redis.run(
      claimScript,
      [...this.#queueKeys(queue), ...entries.map(({ id }) => this.#keys.job(model, id))],
      [
        ...[QUEUE_GROUP, this.#identity.poolId, this.#keys.ofModel(model)],
        ...entries.flatMap(({ id, priority, entry }) => [id, queueNumber(priority), entry]),
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
    const calls = jobs.map(({ id, entry, attempt, priority }) => ({
      keys: [this.#keys.queue(queue, priority), this.#keys.job(queue.model, id)],
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

/** By which scripts know a version's queues: from 1, most urgent first. */
function queueNumber(priority: Priority): number {
  return PRIORITIES.indexOf(priority) + 1
}

function claimedJob(handedOut: HandedOut, claim: RedisReply[]): ClaimedJob | undefined {
  const [attempt, claimedAt, deadline, webhook, createdAt, requestId, traceparent, ...inputFields] = claim
  if (typeof attempt !== 'number') return undefined
  return {
    ...handedOut,
    attempt,
    createdAt: Number(createdAt),
    claimedAt: Number(claimedAt),
    deadline: Number(deadline),
    hasWebhook: webhook === 1,
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
