import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { MAX_HEADER_BYTES } from '../shared/http-limits.ts'
import { errorJson } from './json-answer.ts'
import type { Refusal } from './metrics.ts'
import { nextSyncToken } from './sync-token.ts'

interface BrokenRequest {
  status: number
  error: string
  reason: Refusal
}

const MALFORMED: BrokenRequest = {
  status: 400,
  error: 'ERR malformed HTTP request',
  reason: 'bad-request',
}
const UNKNOWN_EXPECTATION: BrokenRequest = {
  status: 417,
  error: 'ERR unknown expectation. Leave the Expect header out',
  reason: 'bad-request',
}
/** By Node's code for what is wrong; all else is malformed. */
const BY_CODE: Record<string, BrokenRequest> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    error: `ERR max size of request line and headers exceeded. Limit: ${MAX_HEADER_BYTES} bytes`,
    reason: 'too-large',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    error: `ERR max size of chunk extensions exceeded. Limit: ${MAX_HEADER_BYTES} bytes`,
    reason: 'too-large',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    error: 'ERR the request did not arrive in time',
    reason: 'too-slow',
  },
}

/**
 * Answers what is no request that could be handed on, where Node itself would answer with nothing to read; the connection ends with it. To
 * be made before `server` has other listeners for requests.
 */
export class BrokenRequests {
  readonly #onRefused: (reason: Refusal) => void
  /** Of each connection, the answer to its last request of which the headers were whole. */
  readonly #latest = new WeakMap<Socket, ServerResponse>()

  constructor(server: Server, onRefused: (reason: Refusal) => void) {
    this.#onRefused = onRefused
    const remember = ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.#latest.set(socket, response)
    }
    server.on('request', remember)
    server.on('checkExpectation', (request, response) => {
      remember(request, response)
      this.#answer(response, UNKNOWN_EXPECTATION)
    })
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#cutOff(socket as Socket, error))
  }

  /** Answers one that Node's parser took, but that others may read differently. */
  refuse(response: ServerResponse): void {
    this.#answer(response, MALFORMED)
  }

  #answer(response: ServerResponse, broken: BrokenRequest): void {
    this.#onRefused(broken.reason)
    const body = errorJson(broken.error)
    response.writeHead(broken.status, headersOf(body)).end(body)
  }

  #cutOff(socket: Socket, { code = '' }: NodeJS.ErrnoException): void {
    const broken = BY_CODE[code] ?? MALFORMED
    const latest = this.#latest.get(socket)
    if (socket.writable && isItsTurn(socket, latest)) {
      // A request that was handed on tells of its end itself.
      if (latest?.req.complete !== false) this.#onRefused(broken.reason)
      socket.write(textOf(broken, latest))
    }
    socket.destroy()
  }
}

/**
 * Whether an answer that is written to the connection now would be taken for that of the broken request. Else, it would stand in the middle of another one,
 * pass for that of an earlier request, which may well have run, or be a second one.
 */
function isItsTurn(socket: Socket, latest: ServerResponse | undefined): boolean {
  if (!latest) return true
  // What is broken came after a whole request.
  if (latest.req.complete) return latest.writableFinished
  // It has its connection while none before it is still to be answered, and until it has been answered.
  return latest.socket === socket && !latest.headersSent
}

const headersOf = (body: string) => ({
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(body)),
  'upstash-sync-token': nextSyncToken(),
  connection: 'close',
})

function textOf({ status, error }: BrokenRequest, latest: ServerResponse | undefined): string {
  const body = errorJson(error)
  const lines = Object.entries(headersOf(body)).map(([name, value]) => `${name}: ${value}\r\n`)
  // To a HEAD, what follows the headers would be another answer.
  const isOfHead = latest?.req.method === 'HEAD' && !latest.req.complete
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${isOfHead ? '' : body}`
}
