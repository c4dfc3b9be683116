import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A way to a port of this machine, open at a port of its own, that can be cut, made slow, and made to lose answers. */
export class Way {
  readonly port: number
  readonly #server: Server
  readonly #target: number
  readonly #sockets = new Set<Socket>()
  #delayMs = 0
  #losesAnswers = false

  private constructor(server: Server, target: number) {
    this.#server = server
    this.#target = target
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (client: Socket) => this.#join(client))
  }

  static async open(target: number): Promise<Way> {
    const server = createServer({ noDelay: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Way(server, target)
  }

  /** Ends every connection in the middle of whatever it carries; returns how many there were. */
  cut(): number {
    const count = Math.ceil(this.#sockets.size / 2)
    for (const socket of this.#sockets) socket.resetAndDestroy()
    return count
  }

  /** From now on, what comes from either side arrives so much later. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs
  }

  /** While it does, a connection on which an answer comes ends instead: what was asked for has happened, and nobody is told. */
  loseAnswers(loses: boolean): void {
    this.#losesAnswers = loses
  }

  close(): void {
    this.#server.close()
    this.cut()
  }

  #join(client: Socket): void {
    const target = connect({ port: this.#target, host: '127.0.0.1', noDelay: true })
    this.#pass(client, target, false)
    this.#pass(target, client, true)
  }

  #pass(from: Socket, to: Socket, areAnswers: boolean): void {
    this.#sockets.add(from)
    // What waits for its time keeps its order, and the end of the connection comes after it.
    let before = Promise.resolve()
    let waiting = 0
    const inTurn = (act: () => void) => {
      if (this.#delayMs === 0 && waiting === 0) return act()
      const due = performance.now() + this.#delayMs
      waiting++
      before = before.then(async () => {
        await sleep(Math.max(0, due - performance.now()))
        waiting--
        act()
      })
    }
    from.on('data', (chunk) => {
      if (areAnswers && this.#losesAnswers) return void from.resetAndDestroy()
      inTurn(() => to.destroyed || to.write(chunk))
    })
    from.on('error', () => {})
    from.on('close', () => {
      this.#sockets.delete(from)
      inTurn(() => to.destroy())
    })
  }
}
