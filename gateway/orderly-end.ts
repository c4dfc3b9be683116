import { closeServer } from '../shared/close-server.ts'
import type { Connections } from './connections.ts'
import type { OpenStreams } from './open-streams.ts'

/** How long requests that are under way may take once we are told to stop. */
const DRAIN_MS = 10_000
/** How long of that for a client that takes nothing of what is there for it. */
const UNREAD_MS = 1_000

/** The end of the gateway, by which all that is under way is answered. */
export class OrderlyEnd {
  readonly #connections: Connections
  readonly #streams: OpenStreams
  #ended: Promise<void> | undefined

  constructor(connections: Connections, streams: OpenStreams) {
    this.#connections = connections
    this.#streams = streams
  }

  get hasBegun(): boolean {
    return this.#ended !== undefined
  }

  /** Resolves once all is answered: Redis may be away by then, and need not be told. */
  begin(): Promise<void> {
    this.#ended ??= this.#begin()
    return this.#ended
  }

  #begin(): Promise<void> {
    this.#streams.end()
    this.#connections.cutUnread(UNREAD_MS)
    return closeServer(this.#connections, DRAIN_MS)
  }
}
