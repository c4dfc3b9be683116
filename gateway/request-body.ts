import type { IncomingMessage } from 'node:http'
import type { ByteBudget } from './byte-budget.ts'
import type { RequestHeaders } from './request-headers.ts'

/** Upstash's own limit on a request. */
const MAX_BODY_BYTES = 10 * 1024 * 1024

/** What is smaller needs no turn: there are not so many connections that it would matter. */
const SMALL_BYTES = 16 * 1024

export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
  constructor() {
    super(`ERR max request size exceeded. Limit: ${MAX_BODY_BYTES} bytes`)
  }
}

/** The client went before it had sent all. */
export class BodyIncomplete extends Error {
  constructor(cause: unknown) {
    super('ERR the body is incomplete', { cause })
  }
  override readonly name = 'BodyIncomplete'
}

/** The body did not come while others waited for its place. */
export class BodyTooSlow extends Error {
  override readonly name = 'BodyTooSlow'
  constructor() {
    super('ERR the body came too slowly while others waited')
  }
}

export interface RequestBody {
  bytes: Buffer
  /** To be called once the request is answered. */
  release: () => void
}

const NO_BODY: RequestBody = { bytes: Buffer.alloc(0), release: () => {} }

/**
 * A request's body, once `budget` has room for it. Throws BodyTooLarge as soon as that shows, BodyIncomplete, or BodyTooSlow: then it is
 * still being read, until the connection ends.
 */
export async function readBody(
  request: Request,
  headers: RequestHeaders,
  budget: Pick<ByteBudget, 'take'>,
): Promise<RequestBody> {
  if (request.method === 'GET' || request.method === 'HEAD') return NO_BODY
  const declared = headers.get('content-length')
  // The server holds a body to its length. What comes in chunks has none, and is taken for the largest.
  const length = declared === null ? MAX_BODY_BYTES : Number(declared)
  if (length > MAX_BODY_BYTES) throw new BodyTooLarge()
  const read = () => (declared === null ? counted(request) : whole(request))
  if (length <= SMALL_BYTES) return { bytes: await read().catch(incomplete), release: NO_BODY.release }
  const overdue = Promise.withResolvers<never>()
  const release = await budget.take(length, () => overdue.reject(new BodyTooSlow()))
  try {
    return { bytes: await Promise.race([read(), overdue.promise]), release }
  } catch (error) {
    release()
    return incomplete(error)
  }
}

function incomplete(error: unknown): never {
  throw error instanceof BodyTooLarge || error instanceof BodyTooSlow ? error : new BodyIncomplete(error)
}

const whole = async (request: Request): Promise<Buffer> => Buffer.from(await request.arrayBuffer())

async function counted(request: Request): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body ?? []) {
    length += chunk.length
    if (length > MAX_BODY_BYTES) throw new BodyTooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * Takes a body that says nothing, and holds none of it: what is not taken would keep Node from noticing that the client has gone. Throws
 * BodyTooLarge or BodyIncomplete.
 */
export async function discardBody(incoming: IncomingMessage): Promise<void> {
  let length = 0
  try {
    // Else the connection would end before the client has been told what is wrong.
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      length += chunk.length
      if (length > MAX_BODY_BYTES) throw new BodyTooLarge()
    }
  } catch (error) {
    incomplete(error)
  }
}
