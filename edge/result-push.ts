import type { Clock } from '../shared/clock.ts'

/** Tells whoever waits for a result that there is one. It only hastens a look: nothing may depend on a message coming. */
export interface ResultPush {
  /** Begins to listen; to be closed. */
  open(channel: string): PushStream
}

/** The messages of one channel. No promise of it rejects, and all settle after `close`. */
export interface PushStream {
  /** True: all that is published from now on comes. False: push does not work here, or not now; rely on polling. */
  readonly acknowledged: Promise<boolean>
  /**
   * The message after the one that the previous call stands for; empty if it was too long to be kept, undefined if the
   * stream has ended. Who races it against something else keeps the promise and races it again.
   */
  nextMessage(): Promise<string | undefined>
  close(): void
}

/** Longer messages say no more than that there was one, in characters. */
const MAX_MESSAGE_LENGTH = 64 * 1024

/** A stream that has not begun by then is given up: a proxy may be holding it back, and it keeps a connection busy. */
const ACKNOWLEDGED_WITHIN_MS = 5_000
/** How long an endpoint is not asked again that could not be reached, or does not give push now. */
const NOT_NOW_MS = 5_000
/** How long one that offers no push is not. */
const NOT_OFFERED_MS = 5 * 60_000

/** How Upstash and others say that they know no such path, method or command. */
const NOT_OFFERED = new Set([400, 404, 405, 501])

export interface PushEndpoint {
  /** Of the REST protocol. */
  url: string
  token: string
}

/**
 * Push over the Server-Sent Events of Upstash's REST protocol. One for all requests of an isolate, since it remembers where
 * push did not work.
 */
export class RestResultPush implements ResultPush {
  readonly #endpoint: PushEndpoint
  readonly #clock: Clock
  #restsUntil = 0

  constructor(endpoint: PushEndpoint, clock: Clock) {
    this.#endpoint = endpoint
    this.#clock = clock
  }

  open(channel: string): PushStream {
    const closing = new AbortController()
    const opening = this.#clock.now() < this.#restsUntil ? undefined : this.#begin(channel, closing)
    return {
      acknowledged: Promise.resolve(opening).then((messages) => messages !== undefined),
      nextMessage: async () => {
        const messages = await opening
        const next = await messages?.next().catch(() => undefined)
        return next?.value ?? undefined
      },
      close: () => closing.abort(),
    }
  }

  async #begin(channel: string, closing: AbortController): Promise<Messages | undefined> {
    const decided = new AbortController()
    let late = false
    this.#clock.sleep(ACKNOWLEDGED_WITHIN_MS, decided.signal).then(() => {
      if (decided.signal.aborted) return
      late = true
      closing.abort()
    })
    const outcome = await subscribe(this.#endpoint, channel, closing.signal)
    decided.abort()
    if (typeof outcome === 'object') return outcome
    const closedByCaller = closing.signal.aborted && !late
    if (!closedByCaller) this.#rest(outcome === 'not-offered' ? NOT_OFFERED_MS : NOT_NOW_MS)
    return undefined
  }

  #rest(ms: number): void {
    this.#restsUntil = Math.max(this.#restsUntil, this.#clock.now() + ms)
  }
}

/** The messages after the acknowledgement. */
type Messages = AsyncGenerator<string, void>

/** Resolves once the channel is acknowledged, or with why it is not. Never rejects. */
async function subscribe(
  { url, token }: PushEndpoint,
  channel: string,
  signal: AbortSignal,
): Promise<Messages | 'not-offered' | 'not-now'> {
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}/subscribe/${encodeURIComponent(channel)}`, {
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
      signal,
    })
    const { ok, status, headers, body } = response
    const isStream = /^text\/event-stream\b/i.test(headers.get('content-type') ?? '')
    if (!ok || !isStream || !body) {
      body?.cancel().catch(() => {})
      return ok || NOT_OFFERED.has(status) ? 'not-offered' : 'not-now'
    }
    const beginning = `data: message,${channel},`
    const lines = linesOf(body, signal, beginning.length + MAX_MESSAGE_LENGTH + 1)
    return (await isAcknowledged(lines, channel)) ? messagesIn(lines, beginning) : 'not-now'
  } catch {
    return 'not-now'
  }
}

async function isAcknowledged(lines: AsyncGenerator<string, void>, channel: string): Promise<boolean> {
  for (;;) {
    const { done, value } = await lines.next()
    if (done) return false
    if (value.startsWith(`data: subscribe,${channel},`)) return true
  }
}

/** Each line is an event of its own, as Upstash's client has it. */
async function* messagesIn(lines: AsyncGenerator<string, void>, beginning: string): Messages {
  for await (const line of lines) {
    if (!line.startsWith(beginning)) continue
    const message = line.slice(beginning.length)
    yield message.length > MAX_MESSAGE_LENGTH ? '' : message
  }
}

/** The lines of a body, of each no more than its first `maxLength` characters. They end when `signal` aborts. */
async function* linesOf(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  maxLength: number,
): AsyncGenerator<string, void> {
  const reader = body.getReader()
  // Not every runtime ends a body that is being read when its fetch is aborted.
  const cancel = () => void reader.cancel().catch(() => {})
  signal.addEventListener('abort', cancel)
  const decoder = new TextDecoder()
  let line = ''
  while (!signal.aborted) {
    const { done, value } = await reader.read()
    if (done) return
    for (const [i, piece] of decoder.decode(value, { stream: true }).split('\n').entries()) {
      if (i > 0) {
        yield line
        line = ''
      }
      line = (line + piece).slice(0, maxLength)
    }
  }
}
