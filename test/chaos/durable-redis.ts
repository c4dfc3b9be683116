import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort } from '../../local-stack/free-port.ts'
import { type OwnRedis, startRedis } from '../../local-stack/redis-server.ts'

/** What a client was told is on disk by then: a Redis that is killed comes back with all of it. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always']

/** A Redis that is killed and comes back, at the same address and with what it had. */
export class DurableRedis {
  readonly port: number
  readonly url: string
  /** For looking at what is really there, past all ways. Commands wait while Redis is away. */
  readonly direct: Redis
  readonly #binary: string
  readonly #folder: string
  #server: OwnRedis
  #last: Promise<void> = Promise.resolve()

  private constructor(binary: string, folder: string, port: number, server: OwnRedis) {
    this.#binary = binary
    this.#folder = folder
    this.port = port
    this.#server = server
    this.url = server.url
    this.direct = this.connect()
  }

  static async start(binary: string, folder: string): Promise<DurableRedis> {
    const port = await freePort()
    return new DurableRedis(binary, folder, port, await startRedis(binary, folder, port, DURABLE))
  }

  /** To be disconnected. */
  connect(): Redis {
    const redis = new Redis(this.url, {
      protocol: 2,
      maxRetriesPerRequest: null,
      retryStrategy: () => 50,
    })
    redis.on('error', () => {})
    return redis
  }

  /** SIGKILL, and the same again after a while. */
  crash(downMs: number): Promise<void> {
    return this.#inTurn(async () => {
      await this.#server.stop()
      await sleep(downMs)
      this.#server = await startRedis(this.#binary, this.#folder, this.port, DURABLE)
    })
  }

  /** For a while it has no memory but what it uses already. */
  fill(ms: number): Promise<void> {
    return this.#inTurn(async () => {
      const used = /used_memory:(\d+)/.exec(await this.direct.info('memory'))?.[1]
      await this.direct.config('SET', 'maxmemory', Number(used))
      await sleep(ms)
      await this.direct.config('SET', 'maxmemory', 0)
    })
  }

  async stop(): Promise<void> {
    this.direct.disconnect()
    await this.#server.stop()
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work)
    return this.#last
  }
}
