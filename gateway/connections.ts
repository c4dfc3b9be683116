import type { Server } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { ClosableServer } from '../shared/close-server.ts'

/** The connections of a server on node:http; it can be closed through them without a loss. */
export class Connections implements ClosableServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  /** From now on; earlier ones are not known. */
  constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  get count(): number {
    return this.#sockets.size
  }

  /**
   * Cuts off, from now on, whoever has something to read and takes none of it for `ms`, or up to twice that. Who waits for an answer, or
   * sends his request, is left alone. To be called when the server closes: idle connections no longer end by their own time-out.
   */
  cutUnread(ms: number): void {
    // Node's time-out of a socket begins anew with all that is sent, received, or taken by the other side.
    this.#server.setTimeout(ms, (socket) => {
      if (socket.writableLength > 0) socket.destroy()
    })
    for (const socket of this.#sockets) socket.setTimeout(ms)
  }

  /** Not as node:http does, which would close idle connections as it understands them. */
  close(callback: (error?: Error) => void): void {
    NetServer.prototype.close.call(this.#server, callback)
  }

  /** To node:http a connection is idle once its answer was made, although most of that may not have been taken yet: so all wait for it. */
  closeIdleConnections(): void {
    for (const socket of this.#sockets) if (socket.writableLength > 0) return
    this.#server.closeIdleConnections()
  }

  closeAllConnections(): void {
    this.#server.closeAllConnections()
  }
}
