import type { ByteBudget } from './byte-budget.ts'

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

export interface RequestBody {
  bytes: Buffer
  /** To be called once the request is answered. */
  release: () => void
}

const NO_BODY: RequestBody = { bytes: Buffer.alloc(0), release: () => {} }

/** A request's body, once `budget` has room for it. Throws BodyTooLarge as soon as that shows, or BodyIncomplete. */
export async function readBody(request: Request, budget: ByteBudget): Promise<RequestBody> {
  if (request.method === 'GET' || request.method === 'HEAD') return NO_BODY
  const declared = request.headers.get('content-length')
  // The server holds a body to its length. What comes in chunks has none, and is taken for the largest.
  const length = declared === null ? MAX_BODY_BYTES : Number(declared)
  if (length > MAX_BODY_BYTES) throw new BodyTooLarge()
  const release = length > SMALL_BYTES ? await budget.take(length) : NO_BODY.release
  try {
    const bytes = declared === null ? await counted(request) : Buffer.from(await request.arrayBuffer())
    return { bytes, release }
  } catch (error) {
    release()
    throw error instanceof BodyTooLarge ? error : new BodyIncomplete(error)
  }
}

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
