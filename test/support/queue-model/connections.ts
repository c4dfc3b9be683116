import { Redis } from 'ioredis'
import type {
  GroupEntries,
  GroupRead,
  GroupReader,
  GroupTake,
  PoolRedisCommands,
  ScriptCall,
} from '../../../shared/pool-redis-commands.ts'
import type { LuaScript, RedisReply, ScriptArgument } from '../../../shared/redis-commands.ts'
import { RedisTcp } from '../../../worker-pool/redis/redis-tcp.ts'
import { Heard } from './heard.ts'

/** Connections that all histories share: opening them anew would take most of the time. */
export class Connections {
  readonly tcp: RedisTcp
  /** For what is neither the edge's nor a pool's: looking, and misfortunes. */
  readonly redis: Redis
  readonly heard: Heard
  readonly #listener: Redis
  /** Not in use, and none has lost anything. */
  readonly #readers: GroupReader[] = []

  private constructor(tcp: RedisTcp, redis: Redis, listener: Redis, heard: Heard) {
    this.tcp = tcp
    this.redis = redis
    this.#listener = listener
    this.heard = heard
  }

  static async open(url: string): Promise<Connections> {
    const [redis, listener] = [new Redis(url, { protocol: 2 }), new Redis(url, { protocol: 2 })]
    return new Connections(await RedisTcp.connect(url), redis, listener, await Heard.on(listener))
  }

  async takeReader(): Promise<GroupReader> {
    return this.#readers.pop() ?? this.tcp.openReader()
  }

  giveBack(reader: GroupReader): void {
    this.#readers.push(reader)
  }

  close(): void {
    for (const reader of this.#readers) reader.close()
    this.redis.disconnect()
    this.#listener.disconnect()
    this.tcp.close()
  }
}

/** A way to Redis on which answers get lost: what was asked is asked again then, as the edge and pools do. */
export class LossyRedis implements PoolRedisCommands {
  readonly #connections: Connections
  /** Of the next call, or the next reading. */
  losesAnswer = false

  constructor(connections: Connections) {
    this.#connections = connections
  }

  async run(
    script: LuaScript,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<RedisReply> {
    const [reply] = await this.runMany(script, [{ keys, args }])
    return reply ?? null
  }

  async runMany(script: LuaScript, calls: readonly ScriptCall[]): Promise<RedisReply[]> {
    const { tcp } = this.#connections
    if (this.takesLoss()) await tcp.runMany(script, calls)
    return tcp.runMany(script, calls)
  }

  readHash(key: string) {
    return this.#connections.tcp.readHash(key)
  }

  async openReader(): Promise<GroupReader> {
    const reader = await this.#connections.takeReader()
    return new LossyReader(this, reader, this.#connections)
  }

  takesLoss(): boolean {
    const lost = this.losesAnswer
    this.losesAnswer = false
    return lost
  }
}

class LossyReader implements GroupReader {
  readonly #redis: LossyRedis
  readonly #reader: GroupReader
  readonly #connections: Connections
  /** Whether it may have lost something, and not looked for it. */
  #lacks = false

  constructor(redis: LossyRedis, reader: GroupReader, connections: Connections) {
    this.#redis = redis
    this.#reader = reader
    this.#connections = connections
  }

  read(request: GroupRead): Promise<GroupEntries | undefined> {
    return this.#unlessLost(() => this.#reader.read(request))
  }

  take(request: GroupTake): Promise<GroupEntries | undefined> {
    return this.#unlessLost(() => this.#reader.take(request))
  }

  endWaiting(): Promise<void> {
    return this.#reader.endWaiting()
  }

  close(): void {
    if (this.#lacks) this.#reader.close()
    else this.#connections.giveBack(this.#reader)
  }

  /** An answer that is lost leaves the reader as a lost connection does: a take that is refused has the same effect. */
  async #unlessLost(read: () => Promise<GroupEntries | undefined>): Promise<GroupEntries | undefined> {
    this.#lacks = true
    const got = await read()
    this.#lacks = false
    if (!this.#redis.takesLoss()) return got
    this.#lacks = true
    const refused = { streams: ['none'], group: 'none', consumer: 'none', quotas: [1] }
    await this.#reader.take(refused).catch(() => {})
    return undefined
  }
}
