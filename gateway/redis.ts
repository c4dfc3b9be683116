import { Command, Redis } from 'ioredis'
import { keptToDatabase } from '../shared/chosen-database.ts'
import { reconnectPauseMs } from '../shared/reconnect-pause.ts'
import { type Argument, CommandError, type CommandLine } from './command.ts'
import { CommandTable } from './command-table.ts'
import { GatheredWrites } from './gathered-writes.ts'
import { HEARTBEAT_MS } from './open-streams.ts'
import { RawReplies } from './raw-replies.ts'
import { isReplyError, RedisAway } from './redis-errors.ts'
import type { RawReply } from './reply.ts'

/** What one command came to: a reply, or the error that Redis gave. */
export type Outcome = { reply: RawReply } | { error: string }

/** Redis over one TCP connection that all requests share. Fails at once while there is no connection: callers retry. */
export class GatewayRedis {
  readonly #redis: Redis
  readonly #writes: GatheredWrites
  readonly #raw: RawReplies
  #table: Promise<CommandTable> | undefined
  #transactions: Promise<string | undefined> | undefined

  /** `redis` is sent nothing by anybody else: replies come in the order of commands, and these are written a little later. */
  constructor(redis: Redis) {
    this.#redis = redis
    this.#writes = new GatheredWrites(redis)
    this.#raw = new RawReplies(redis)
    redis.on('close', () => {
      // Another Redis may answer next, or the same with other rights.
      this.#table = undefined
      this.#transactions = undefined
    })
  }

  /**
   * Sends commands in order and without others' in between; others' may still run in between. Each promise has the command's outcome, or fails
   * with RedisAway.
   */
  send(commands: readonly CommandLine[]): Promise<Outcome>[] {
    if (commands.length > 0) this.#expectConnection()
    return commands.map((command) => this.#send(command).then(replied, failed))
  }

  /** Runs commands as one transaction. If Redis discards it, the result is that one error. Throws RedisAway. */
  async multi(commands: readonly CommandLine[]): Promise<Outcome[] | { error: string }> {
    this.#expectConnection()
    this.#transactions ??= this.#refusalOfTransactions()
    const refusal = await this.#transactions
    if (refusal !== undefined) return { error: refusal }
    this.#expectConnection()
    // In one go, so that on this connection nothing can come in between.
    const begun = this.#send(BEGIN)
    // What Redis does not queue makes EXEC fail.
    for (const command of commands) this.#send(command).catch(() => {})
    const executed = this.#send(END)
    const [beginning, outcome] = await Promise.all([
      begun.then(replied, failed),
      executed.then(replied, failed),
    ])
    if ('error' in beginning) throw this.#ranOneByOne(beginning.error)
    if ('error' in outcome) return outcome
    return (outcome.reply as RawReply[]).map((reply) =>
      reply instanceof Error ? { error: reply.message } : { reply },
    )
  }

  /** The bytes of Redis' answer to a command, errors included, as RESP2 has them. Throws RedisAway. */
  raw(command: CommandLine): Promise<Buffer> {
    return this.#raw.read(command)
  }

  /** What Redis says of its commands; asked once a connection. Throws RedisAway, or CommandError with Redis' words. */
  commandTable(): Promise<CommandTable> {
    this.#expectConnection()
    this.#table ??= this.#send(['COMMAND']).then((reply) => new CommandTable(reply), refused)
    this.#table.catch(() => {
      this.#table = undefined
    })
    return this.#table
  }

  /** Takes no more replies until `resume`; commands are still sent. */
  pause(): void {
    this.#redis.stream?.pause()
    this.#raw.pause()
  }

  resume(): void {
    this.#redis.stream?.resume()
    this.#raw.resume()
  }

  /** A user who may not send MULTI would have all that follows run at once, one by one. */
  async #refusalOfTransactions(): Promise<string | undefined> {
    const [begun, ended] = await Promise.all(this.send([BEGIN, END]))
    for (const outcome of [begun, ended]) if (outcome && 'error' in outcome) return outcome.error
    return undefined
  }

  /** Its right was taken away since we asked: what the commands came to is lost, and the next transaction asks anew. */
  #ranOneByOne(refusal: string): RedisAway {
    this.#transactions = undefined
    return new RedisAway(`a transaction was run as single commands: ${refusal}`)
  }

  #send([name, ...args]: CommandLine): Promise<RawReply> {
    // In capitals, ioredis does not know the name, and leaves arguments and reply as they are.
    const command = new Command(name.toUpperCase(), args.map(asSent), AS_BYTES)
    // ioredis only writes to it.
    this.#redis.sendCommand(command, this.#writes as unknown as Redis['stream'])
    return command.promise as Promise<RawReply>
  }

  #expectConnection(): void {
    if (this.#redis.status !== 'ready') throw new RedisAway('no connection to Redis')
  }
}

const BEGIN: CommandLine = ['MULTI']
const END: CommandLine = ['EXEC']
const AS_BYTES = { replyEncoding: null }

/** Characters. A longer text is faster as bytes: Node's sockets encode texts piece by piece. */
const LONG_TEXT = 16 * 1024
const asSent = (argument: Argument): Argument =>
  typeof argument === 'string' && argument.length >= LONG_TEXT ? Buffer.from(argument) : argument

const replied = (reply: RawReply): Outcome => ({ reply })

function failed(error: unknown): Outcome {
  if (isReplyError(error)) return { error: error.message }
  throw new RedisAway('the connection to Redis was lost', { cause: error })
}

function refused(error: unknown): never {
  if (isReplyError(error)) throw new CommandError(error.message)
  throw new RedisAway('the connection to Redis was lost', { cause: error })
}

/** A connection on which Redis owes an answer for so long is given up for a new one. */
const SILENCE_MS = 10_000

/**
 * An ioredis connection as the gateway wants it: RESP2 shapes, integers as text, no queueing while away, reconnecting for
 * ever.
 */
export function connectGatewayRedis(url: string, silenceMs = SILENCE_MS): Redis {
  const redis = new Redis(url, {
    protocol: 2,
    stringNumbers: true,
    lazyConnect: true,
    // It would name its library to Redis, which our user there need not be allowed to do.
    disableClientInfo: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // Who sent it has been told that Redis is away.
    autoResendUnfulfilledCommands: false,
    // Streams end with their connection, so there is nothing to take up again.
    autoResubscribe: false,
    connectTimeout: 5_000,
    socketTimeout: silenceMs,
    retryStrategy: (attempt) => reconnectPauseMs(attempt),
  })
  return keptToDatabase(redis)
}

/** A connection like `redis` for MONITOR: to be connected, and gone for good once it is lost. */
export function monitorConnection(redis: Redis): Redis {
  return redis.duplicate({
    monitor: true,
    retryStrategy: () => null,
    // It is owed no answer, so its silence says nothing: the system has to notice that the other side is gone.
    keepAlive: HEARTBEAT_MS,
  })
}
