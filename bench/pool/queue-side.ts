import { Redis } from 'ioredis'
import type { Job } from '../../shared/job.ts'
import { newJobId } from '../../shared/job-id.ts'
import { RedisJobProducer } from '../../shared/redis-job-producer.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { RedisQueueLengths } from '../../shared/redis-queue-lengths.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'

export const NOOP_QUEUE = { model: 'noop', version: '1' }
export const IMAGE_BYTES = 224 * 224 * 3
export type Encoding = 'raw' | 'base64'

/** Jobs enqueued at the same time. */
const AT_ONCE = 64
const DEADLINE_MS = 3_600_000

/** The edge's side of the no-op model's queue, under a key prefix of its own. */
export class QueueSide {
  readonly keys: RedisKeys
  readonly redis: Redis
  readonly #tcp: RedisTcp
  readonly #producer: RedisJobProducer

  private constructor(url: string, keys: RedisKeys, tcp: RedisTcp, resultTtlMs: number) {
    this.keys = keys
    this.redis = new Redis(url, { protocol: 2 })
    this.#tcp = tcp
    const policy = { maxBacklog: 10_000_000, deadlineMs: DEADLINE_MS, resultTtlMs }
    this.#producer = new RedisJobProducer(tcp, keys, policy)
  }

  static async open(url: string, prefix: string, resultTtlMs = DEADLINE_MS): Promise<QueueSide> {
    return new QueueSide(url, new RedisKeys(prefix), await RedisTcp.connect(url), resultTtlMs)
  }

  /** Enqueues a job; returns its id. A raw input is put in its place after that, so no pool may run meanwhile. */
  async enqueue(encoding: Encoding, image: Buffer): Promise<string> {
    const id = newJobId(NOOP_QUEUE.model)
    const key = this.keys.input(NOOP_QUEUE.model, id)
    if (encoding === 'raw') {
      await this.#enqueue(id, encoding, '')
      await this.redis.set(key, image, 'KEEPTTL')
    } else await this.#enqueue(id, encoding, image.toString('latin1'))
    return id
  }

  /** The same, `n` times. `image`: in that encoding. */
  async fill(n: number, encoding: Encoding, image: Buffer, signal: AbortSignal): Promise<string[]> {
    const ids: string[] = []
    const next = async () => {
      while (ids.length < n) {
        signal.throwIfAborted()
        const place = ids.push('') - 1
        ids[place] = await this.enqueue(encoding, image)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, next))
    return ids
  }

  async read(id: string): Promise<Job | undefined> {
    return this.#producer.read(id)
  }

  /** Jobs waiting or in flight. */
  backlog(): Promise<number> {
    return this.redis.xlen(this.keys.queue(NOOP_QUEUE))
  }

  /** What the edge reads each minute for machines to be scaled by. */
  async readDepth(): Promise<void> {
    await new RedisQueueLengths(this.#tcp, this.keys).read()
  }

  close(): void {
    this.redis.disconnect()
    this.#tcp.close()
  }

  async #enqueue(id: string, encoding: Encoding, payload: string): Promise<void> {
    await this.#producer.enqueue({
      ...{ id, model: NOOP_QUEUE.model, modelVersion: NOOP_QUEUE.version, payload, requestId: 'bench' },
      input: { kind: 'tensor', dtype: 'uint8', shape: [224, 224, 3], encoding },
    })
  }
}
