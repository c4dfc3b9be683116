import type { Redis } from 'ioredis'
import { systemClock } from '../../shared/clock.ts'
import type { GroupEntries, GroupRead, GroupReader, GroupTake } from '../../shared/pool-redis-commands.ts'
import { scriptSha1 } from '../../shared/redis-commands.ts'
import { takeScript } from '../../shared/scripts/take.ts'
import { asReplyError } from './redis-connection.ts'

/** How long to wait before a read that was not waiting yet is asked again to come back. */
const UNBLOCK_AGAIN_MS = 20

/** Stands for the id of a connection to a Redis that does not tell ids. */
const UNTOLD = -1

/**
 * Reads from a consumer group on a connection of its own, which waits in Redis until there is something. A read ends
 * when its connection is lost; the next one then waits until it is back.
 */
export class BlockingReader implements GroupReader {
  readonly #blocking: Redis
  readonly #commands: Redis
  /** By which Redis knows the blocking connection; undefined while there is none. */
  #clientId: number | undefined
  #connected = Promise.withResolvers<void>()
  /** Whether Redis may have handed out entries that never arrived here. */
  #mayHaveLost = false
  readonly #reads = new Set<PromiseWithResolvers<void>>()

  /** `blocking` is connected, gives commands up when it is cut off, and is used for nothing else. */
  constructor(blocking: Redis, commands: Redis) {
    this.#blocking = blocking
    this.#commands = commands
    blocking.on('ready', () => this.#learnClientId())
    blocking.on('close', () => this.#forgetClientId())
    this.#learnClientId()
  }

  read(request: GroupRead): Promise<GroupEntries | undefined> {
    return this.#pendingOr(request, () => this.#readNew(request))
  }

  take(request: GroupTake): Promise<GroupEntries | undefined> {
    return this.#pendingOr(request, () => this.#takeNew(request))
  }

  /**
   * Makes reads that wait come back now, with what they have. UNBLOCK travels on the other connection and may come before the
   * read, hence the repetition. Where Redis refuses UNBLOCK, the connection is cut: what Redis hands out in
   * that very moment stays unclaimed until its lease is over.
   */
  async endWaiting(): Promise<void> {
    const reads = [...this.#reads]
    for (const read of reads) read.resolve()
    while (reads.some((read) => this.#reads.has(read)) && this.#clientId !== undefined) {
      try {
        if (this.#clientId === UNTOLD) throw new Error('Redis does not tell client ids')
        if ((await this.#commands.call('CLIENT', 'UNBLOCK', this.#clientId)) === 1) return
      } catch {
        this.#blocking.disconnect(true)
        return
      }
      await systemClock.sleep(UNBLOCK_AGAIN_MS)
    }
  }

  close(): void {
    this.#blocking.disconnect()
  }

  /** What `readNew` gives, but first, where entries may have been lost, all that is pending: be the pool at work on it or not. */
  async #pendingOr(
    request: GroupRead | GroupTake,
    readNew: () => Promise<Entries | undefined>,
  ): Promise<GroupEntries | undefined> {
    const ended = Promise.withResolvers<void>()
    this.#reads.add(ended)
    try {
      await Promise.race([this.#connected.promise, ended.promise])
      if (this.#clientId === undefined) return undefined
      const pending = this.#mayHaveLost ? await this.#readPending(request) : []
      if (!pending) return undefined
      if (pending.length > 0) return { entries: pending, recovered: true }
      const entries = await readNew()
      return entries && { entries, recovered: false }
    } finally {
      this.#reads.delete(ended)
    }
  }

  async #readPending({ streams, group, consumer }: GroupRead | GroupTake): Promise<Entries | undefined> {
    this.#mayHaveLost = false
    const reply = await this.#call('XREADGROUP', [
      ...['GROUP', group, consumer, 'STREAMS', ...streams],
      ...streams.map(() => '0'),
    ])
    return reply && entriesOf(reply.got as GroupReply, streams)
  }

  async #readNew({ streams, group, consumer, count, blockMs }: GroupRead): Promise<Entries | undefined> {
    const waiting = blockMs > 0 ? ['BLOCK', blockMs] : []
    const reply = await this.#call('XREADGROUP', [
      ...['GROUP', group, consumer, 'COUNT', count, ...waiting, 'STREAMS', ...streams],
      ...streams.map(() => '>'),
    ])
    return reply && entriesOf(reply.got as GroupReply, streams)
  }

  async #takeNew({ streams, group, consumer, quotas }: GroupTake): Promise<Entries | undefined> {
    const args = [streams.length, ...streams, group, consumer, ...quotas]
    const sha1 = await scriptSha1(takeScript)
    try {
      const reply = await this.#call('EVALSHA', [sha1, ...args]).catch((error: Error) => {
        if (!error.message.startsWith('NOSCRIPT')) throw error
        return this.#call('EVAL', [takeScript.source, ...args])
      })
      const got = reply?.got as [stream: number, entry: string, job: string][] | undefined
      return got?.map(([stream, entry, job]) => ({ stream, entry, job }))
    } catch (error) {
      // What was read before one of the queues refused was handed out.
      this.#mayHaveLost = true
      throw error
    }
  }

  /** Undefined: the connection was lost. */
  async #call(command: string, args: (string | number)[]): Promise<{ got: unknown } | undefined> {
    try {
      return { got: await this.#blocking.call(command, ...args) }
    } catch (error) {
      const refusal = asReplyError(error)
      if (refusal) throw refusal
      this.#mayHaveLost = true
      return undefined
    }
  }

  #learnClientId(): void {
    const learn = (clientId: number) => {
      this.#clientId = clientId
      this.#connected.resolve()
    }
    this.#blocking.call('CLIENT', 'ID').then(
      (clientId) => learn(Number(clientId)),
      // If the connection has been lost again, the next one asks anew.
      (error) => asReplyError(error) && learn(UNTOLD),
    )
  }

  #forgetClientId(): void {
    if (this.#clientId === undefined) return
    this.#clientId = undefined
    this.#connected = Promise.withResolvers()
  }
}

type Entries = GroupEntries['entries']

/** Streams, each with its entries, each with its id and its fields; null where the entry itself is gone. */
type GroupReply = [stream: string, entries: [id: string, fields: string[] | null][]][] | null

function entriesOf(reply: GroupReply, streams: readonly string[]): Entries {
  return (reply ?? []).flatMap(([name, entries]) => {
    const stream = streams.indexOf(name)
    return entries.map(([entry, fields]) => ({ stream, entry, job: fields?.[1] ?? '' }))
  })
}
