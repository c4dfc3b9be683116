import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { RedisUnreachableError } from '../../shared/redis-commands.ts'
import { BulkReplyParser, type BulkReplyTaker } from './bulk-reply-parser.ts'
import { ConnectionOpening } from './connection-opening.ts'
import type { RedisAddress } from './redis-address.ts'

export interface BulkConnectionSettings {
  /** How long connecting, and each answer while logging in, may take, in ms. */
  connectMs: number
  /** How long Redis may be silent while it owes an answer, in ms. */
  silenceMs: number
  /** For rediss://, e.g. `ca`. */
  tls: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>
}

export interface ConnectionOwner extends BulkReplyTaker {
  /** Whether Redis owes an answer. */
  waits(): boolean
  /** Comes once, unless `destroy` came before. Nothing is written to any place from here on. */
  lost(error: RedisUnreachableError): void
}

/** What a connection that has ended would read goes here. */
const NOWHERE = new Uint8Array(1)

/**
 * One connection whose socket writes each value directly to where its owner wants it. It is never mended: when it is lost,
 * or anything comes that Redis does not send, it ends.
 */
export class BulkConnection {
  readonly #name: string
  readonly #owner: ConnectionOwner
  readonly #parser: BulkReplyParser
  readonly #socket: Socket
  readonly #opening = Promise.withResolvers<void>()
  #roundTripMs = 0
  #isOpen = false
  #hasEnded = false

  constructor(address: RedisAddress, settings: BulkConnectionSettings, owner: ConnectionOwner) {
    this.#name = address.name
    this.#owner = owner
    this.#opening.promise.catch(() => {})
    const opening = new ConnectionOpening(address, {
      send: (command) => this.send(command),
      done: (roundTripMs) => this.#opened(roundTripMs, settings.silenceMs),
      refused: (reason) => this.#end(reason),
    })
    this.#parser = new BulkReplyParser(opening)
    this.#socket = this.#connect(address, settings)
    this.#socket.once(address.tls ? 'secureConnect' : 'connect', () => opening.sendNext())
  }

  /** Resolves when Redis has let us in. Rejects with RedisUnreachableError; the owner is told as well. */
  get opened(): Promise<void> {
    return this.#opening.promise
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** The quickest answer while it was opened; for tuning only. */
  get roundTripMs(): number {
    return this.#roundTripMs
  }

  /** Commands as `encodeCommand` has them. */
  send(commands: string): void {
    this.#socket.write(commands)
  }

  /** Ends it without telling its owner. */
  destroy(): void {
    this.#hasEnded = true
    this.#isOpen = false
    this.#socket.destroy()
    this.#opening.reject(this.#unreachable('the connection was closed'))
  }

  #connect({ host, port, tls }: RedisAddress, settings: BulkConnectionSettings): Socket {
    const onread = {
      buffer: () => (this.#hasEnded ? NOWHERE : this.#parser.room()),
      callback: (count: number) => this.#received(count),
    }
    const to = { host, port, noDelay: true, onread }
    const named = isIP(host) ? {} : { servername: host }
    const socket = tls ? connectTls({ ...to, ...named, ...settings.tls }) : connectTcp(to)
    // Why it ended is told by an event before the one that says that it did.
    let reason = 'Redis closed the connection'
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reason = error.message || error.code || reason
    })
    socket.on('close', () => this.#end(reason))
    socket.on('timeout', () => {
      if (!this.#isOpen || this.#owner.waits()) this.#end('it does not answer')
    })
    return socket.setTimeout(settings.connectMs)
  }

  #opened(roundTripMs: number, silenceMs: number): void {
    this.#roundTripMs = roundTripMs
    this.#parser.taker = this.#owner
    this.#socket.setTimeout(silenceMs)
    this.#isOpen = true
    this.#opening.resolve()
  }

  #received(count: number): boolean {
    try {
      if (!this.#hasEnded) this.#parser.received(count)
    } catch (error) {
      this.#end(`it does not answer as Redis does: ${error instanceof Error ? error.message : error}`)
    }
    return true
  }

  #end(reason: string): void {
    if (this.#hasEnded) return
    const error = this.#unreachable(reason)
    this.#opening.reject(error)
    this.destroy()
    this.#owner.lost(error)
  }

  #unreachable(reason: string): RedisUnreachableError {
    return new RedisUnreachableError(`cannot reach Redis at ${this.#name}: ${reason}`)
  }
}
