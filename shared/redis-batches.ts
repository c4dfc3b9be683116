import * as z from 'zod'
import type { Batch, BatchIdempotency, BatchStore, BeginResult, NewBatch } from './batch.ts'
import { problemCodeSchema } from './errors.ts'
import { type Job, parseStoredJob } from './job.ts'
import { modelOfBatchId } from './job-id.ts'
import type { RedisCommands } from './redis-commands.ts'
import type { RedisKeys } from './redis-keys.ts'
import { abandonBatchScript } from './scripts/abandon-batch.ts'
import { beginBatchScript } from './scripts/begin-batch.ts'
import { readBatchScript } from './scripts/read-batch.ts'
import { writeBatchScript } from './scripts/write-batch.ts'

/** Longer than any call takes to submit its images; after it, the Idempotency-Key of an edge that died is free again. */
const PENDING_MS = 120_000

/** A batch as Redis holds it, as JSON. */
const recordSchema = z.object({
  /** By Redis' clock, ms. */
  created_at: z.int(),
  owner: z.string(),
  model_version: z.string(),
  items: z.array(
    z.union([
      z.object({ id: z.string() }),
      // A newer edge may know more reasons.
      z.object({ error: z.object({ code: problemCodeSchema.catch('internal-error'), detail: z.string() }) }),
    ]),
  ),
})

/** Batches in Redis: a record that names the jobs, which live as any other. Each method is one round trip. */
export class RedisBatches implements BatchStore {
  readonly #redis: Pick<RedisCommands, 'run'>
  readonly #keys: RedisKeys
  readonly #tombstoneMs: number

  /** `tombstoneMs`: how long jobs are known after their results' TTL. */
  constructor(redis: Pick<RedisCommands, 'run'>, keys: RedisKeys, tombstoneMs: number) {
    this.#redis = redis
    this.#keys = keys
    this.#tombstoneMs = tombstoneMs
  }

  async begin(id: string, { digest, fingerprint, ttlMs }: BatchIdempotency): Promise<BeginResult> {
    const keys = [this.#keys.idempotency(digest), this.#key(id)]
    const args = [fingerprint, id, ttlMs, PENDING_MS, this.#keys.prefix]
    const [outcome, found] = (await this.#redis.run(beginBatchScript, keys, args)) as [
      BeginResult['outcome'],
      string,
    ]
    return outcome === 'replay' ? { outcome, id: found } : { outcome }
  }

  async abandon(id: string, { digest, fingerprint }: BatchIdempotency): Promise<void> {
    const keys = [this.#keys.idempotency(digest), this.#key(id)]
    await this.#redis.run(abandonBatchScript, keys, [fingerprint, id])
  }

  async write({ id, owner, modelVersion, items }: NewBatch, jobsMs: number): Promise<number> {
    const ttlMs = jobsMs + this.#tombstoneMs
    const record = JSON.stringify({ owner, model_version: modelVersion, items })
    return (await this.#redis.run(writeBatchScript, [this.#key(id)], [record, ttlMs])) as number
  }

  async read(id: string): Promise<Batch | undefined> {
    const model = modelOfBatchId(id)
    if (model === undefined) return undefined
    const reply = await this.#redis.run(readBatchScript, [this.#key(id)], [this.#keys.ofModel(model)])
    const [nowMs, text, ...jobs] = reply as [number, string, ...string[][]]
    const record = parsedRecord(text)
    if (!record) return undefined
    const items = record.items.map((item, i) =>
      'id' in item ? { job: storedJob(item.id, model, jobs[i] ?? [], nowMs) } : item,
    )
    const { owner, model_version: modelVersion, created_at: createdAt } = record
    return { id, model, modelVersion, owner, createdAt, items }
  }

  #key(id: string): string {
    const model = modelOfBatchId(id)
    if (model === undefined) throw new Error('this is no batch id')
    return this.#keys.batch(model, id)
  }
}

function parsedRecord(text: string): z.infer<typeof recordSchema> | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

function storedJob(id: string, model: string, flat: readonly string[], nowMs: number): Job | undefined {
  if (flat.length === 0) return undefined
  const pairs = flat.flatMap((field, i) => (i % 2 === 0 ? [[field, flat[i + 1] ?? '']] : []))
  const job = parseStoredJob(id, model, Object.fromEntries(pairs), nowMs)
  return job.outlived ? undefined : job
}
