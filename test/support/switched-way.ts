import { connect, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { freePort } from '../../local-stack/free-port.ts'

/** `open`: all goes through. `silent`: connections are taken, and what comes is never answered. `refused`: nobody listens, and what was open is cut. */
type Switched = 'open' | 'silent' | 'refused'

/** A way to a server that can be switched off in both manners that networks have, and on again. Ends with the test. */
export class SwitchedWay {
  readonly port: number
  readonly #target: number
  #switched: Switched = 'open'
  #server: Server
  readonly #clients = new Set<Socket>()
  #requests = 0
  #onRequest: () => void = () => {}

  private constructor(target: number, port: number) {
    this.#target = target
    this.port = port
    this.#server = createServer((client) => this.#join(client))
    onTestFinished(() => this.switch('refused'))
  }

  static async to(target: number): Promise<SwitchedWay> {
    const way = new SwitchedWay(target, await freePort())
    await way.#listen()
    return way
  }

  /** Connections that were there stay only while the way is not refused, and what had come to nothing is lost. */
  async switch(to: Switched): Promise<void> {
    const was = this.#switched
    this.#switched = to
    if (was !== 'open') for (const client of this.#clients) client.destroy()
    if (to === 'refused' && was !== 'refused') {
      for (const client of this.#clients) client.destroy()
      await new Promise((resolve) => this.#server.close(resolve))
    }
    if (to !== 'refused' && was === 'refused') await this.#listen()
  }

  /** HTTP requests that have come so far. */
  get requests(): number {
    return this.#requests
  }

  /** Until so many have come in all. */
  async untilRequests(count: number): Promise<void> {
    while (this.#requests < count) {
      await new Promise<void>((resolve) => {
        this.#onRequest = resolve
      })
    }
  }

  #listen(): Promise<void> {
    this.#server = createServer((client) => this.#join(client))
    return new Promise((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve))
  }

  #join(client: Socket): void {
    this.#clients.add(client)
    const server = connect(this.#target, '127.0.0.1')
    const end = () => {
      this.#clients.delete(client)
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) socket.on('error', end).on('close', end)
    client.on('data', (data) => {
      if (this.#switched === 'open') server.write(data)
      if (!/^(GET|POST) \//.test(data.toString('latin1'))) return
      this.#requests++
      this.#onRequest()
    })
    server.on('data', (data) => {
      if (this.#switched === 'open') client.write(data)
    })
  }
}
