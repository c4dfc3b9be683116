import { Command, type Redis } from 'ioredis'
import { keptToDatabase } from '../shared/chosen-database.ts'
import type { CommandLine } from './command.ts'
import { isReplyError, RedisAway } from './redis-errors.ts'

/**
 * Answers of Redis byte by byte. ioredis takes them apart, and a status and a string look the same then. So they are overheard on a connection of
 * their own, where one command is under way at a time. It is opened when first needed.
 */
export class RawReplies {
  readonly #model: Redis
  #redis: Redis | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** `model` has the address and the options. */
  constructor(model: Redis) {
    this.#model = model
  }

  /** Throws RedisAway. */
  read(command: CommandLine): Promise<Buffer> {
    const turn = this.#last.then(() => this.#read(command))
    this.#last = turn.catch(() => {})
    return turn
  }

  /** Takes no more answers until `resume`. */
  pause(): void {
    this.#redis?.stream?.pause()
  }

  resume(): void {
    this.#redis?.stream?.resume()
  }

  async #read([name, ...args]: CommandLine): Promise<Buffer> {
    const redis = await this.#connected()
    const chunks: Buffer[] = []
    const overhear = (chunk: Buffer) => chunks.push(chunk)
    const { stream } = redis
    stream.on('data', overhear)
    try {
      const command = new Command(name.toUpperCase(), args, { replyEncoding: null })
      redis.sendCommand(command)
      // ioredis listens to the same event: when this continues, all listeners have had the reply's last bytes.
      await command.promise
    } catch (error) {
      if (!isReplyError(error)) throw new RedisAway('the connection to Redis was lost', { cause: error })
    } finally {
      stream.off('data', overhear)
    }
    return Buffer.concat(chunks)
  }

  async #connected(): Promise<Redis> {
    if (!this.#redis) {
      this.#redis = keptToDatabase(this.#model.duplicate())
      // That of the model tells of the same trouble.
      this.#redis.on('error', () => {})
      await this.#redis.connect().catch(() => {})
    }
    if (this.#redis.status !== 'ready') throw new RedisAway('no connection to Redis')
    return this.#redis
  }
}
