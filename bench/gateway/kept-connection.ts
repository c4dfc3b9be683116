import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** An HTTP/1.1 connection that is kept, with as little of a client as there can be: what is measured is the server. */
export class KeptConnection {
  readonly #socket: Socket
  #received: Buffer[] = []
  /** Bytes until the answer is whole, once its head is there. */
  #missing: number | undefined
  #answered: { resolve: () => void; reject: (error: Error) => void } | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('close', () => this.#answered?.reject(new Error('the server closed the connection')))
    socket.on('error', () => {})
  }

  static async open(url: string): Promise<KeptConnection> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.setNoDelay(true)
    await once(socket, 'connect')
    return new KeptConnection(socket)
  }

  /** Sends the bytes of a request, and waits for all of its answer, which must be 200 with a length. One at a time. */
  ask(request: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answered = { resolve, reject }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    if (this.#missing === undefined) {
      this.#received.push(chunk)
      this.#missing = missingOf(this.#received.length === 1 ? chunk : Buffer.concat(this.#received))
    } else this.#missing -= chunk.length
    if (this.#missing === undefined || this.#missing > 0) return
    this.#missing = undefined
    this.#received = []
    const answered = this.#answered
    this.#answered = undefined
    answered?.resolve()
  }
}

/** Bytes of the body that are still to come; undefined while the head is not whole. */
function missingOf(received: Buffer): number | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = received.toString('latin1', 0, end)
  const length = /^content-length: (\d+)$/im.exec(head)?.[1]
  if (!head.startsWith('HTTP/1.1 200 ') || length === undefined) throw new Error(`not as expected:\n${head}`)
  return end + 4 + Number(length) - received.length
}

/** A request as Upstash's client sends it, but for telemetry. */
export function requestOf(path: string, token: string, body: string | Buffer): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    ...['host: gateway', 'connection: keep-alive', `authorization: Bearer ${token}`],
    ...['content-type: application/json', 'upstash-encoding: base64', 'accept: */*', 'user-agent: bench'],
    ...['accept-encoding: gzip, deflate', `content-length: ${Buffer.byteLength(body)}`],
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), Buffer.from(body)])
}
