import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A connection on which bytes go as they stand. */
export class RawConnection {
  readonly #socket: Socket
  #received = ''
  readonly #closed: Promise<void>

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (data) => {
      this.#received += data.toString('latin1')
    })
    // Whoever cuts us off may do so in the middle of what we send.
    socket.on('error', () => {})
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()))
    onTestFinished(() => void socket.destroy())
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1')
    const connection = new RawConnection(socket)
    await once(socket, 'connect')
    return connection
  }

  send(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  /** Sends a piece over and over, with pauses, for as long as the other side bears it. */
  drip(piece: string, pauseMs = 50): void {
    const timer = setInterval(() => this.send(piece), pauseMs)
    this.#closed.finally(() => clearInterval(timer))
  }

  /** All that came, once the other side has ended the connection. */
  async untilClosed(): Promise<string> {
    await this.#closed
    return this.#received
  }

  /** All that came so far, once it holds this, or the other side has ended the connection. */
  async untilReceived(what: string): Promise<string> {
    while (!this.#received.includes(what) && !this.#socket.closed)
      await Promise.race([once(this.#socket, 'data').catch(() => {}), this.#closed])
    return this.#received
  }

  async leave(): Promise<void> {
    this.#socket.destroy()
    await this.#closed
  }
}

/** Sends this and waits for the other side to end the connection. Gives the status of each answer. */
export async function statusesOf(port: number, text: string): Promise<number[]> {
  const connection = await RawConnection.open(port)
  connection.send(text)
  return statusesIn(await connection.untilClosed())
}

export function statusesIn(answers: string): number[] {
  return [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}
