import type { Redis } from 'ioredis'
import { type Job, parseToldJob } from '../../shared/job.ts'
import { toPublicJob } from '../../shared/public-job.ts'
import { RedisJobProducer } from '../../shared/redis-job-producer.ts'
import type { RedisKeys } from '../../shared/redis-keys.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { MODEL } from './chaos-model.ts'
import type { DurableRedis } from './durable-redis.ts'
import { type History, seenIn } from './history.ts'

/**
 * Writes down every end that Redis tells on jobs' channels, past all ways that are cut. Messages are lost while Redis is away; what is heard
 * twice was told twice.
 */
export class ChannelRecorder {
  readonly #history: History
  readonly #subscriber: Redis
  readonly #commands: RedisTcp
  readonly #jobs: RedisJobProducer

  private constructor(history: History, subscriber: Redis, commands: RedisTcp, keys: RedisKeys) {
    this.#history = history
    this.#subscriber = subscriber
    this.#commands = commands
    // It only looks; what it would accept jobs by does not matter.
    this.#jobs = new RedisJobProducer(commands, keys, { maxBacklog: 1, deadlineMs: 1, resultTtlMs: 1 })
  }

  static async open(redis: DurableRedis, keys: RedisKeys, history: History): Promise<ChannelRecorder> {
    const subscriber = redis.connect()
    const recorder = new ChannelRecorder(history, subscriber, await RedisTcp.connect(redis.url), keys)
    const every = keys.done(MODEL, '*')
    subscriber.on('pmessage', (_pattern: string, channel: string, message: string) => {
      const id = channel.slice(every.length - 1)
      recorder.#write('channel', id, parseToldJob(id, MODEL, message))
    })
    await subscriber.psubscribe(every)
    return recorder
  }

  /** Has the job's end told, as an edge does whose caller waits long enough. */
  async watch(id: string): Promise<void> {
    const askedAt = Date.now()
    const look = await this.#jobs.look(id, { watch: true })
    if (look) this.#write('watch', id, look.job, askedAt)
  }

  close(): void {
    this.#subscriber.disconnect()
    this.#commands.close()
  }

  #write(by: 'watch' | 'channel', id: string, job: Job | undefined, askedAt = Date.now()): void {
    const seen = job ? seenIn(toPublicJob(job, VIEW)) : UNREADABLE
    this.#history.see(id, { by, askedAt, toldAt: Date.now(), ...seen })
  }
}

const VIEW = { origin: '' }

/** What no reader can make out differs from every end that was told otherwise. */
const UNREADABLE = {
  status: 'failed' as const,
  completedAt: null,
  outcome: 'unreadable message',
  attempts: 0,
}
