import type { ServerResponse } from 'node:http'

/** What may wait for one reader, in bytes; who is further behind is cut off. */
const MAX_WAITING_BYTES = 1024 * 1024

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  // Proxies of nginx's kind would hold events back until a buffer is full.
  'x-accel-buffering': 'no',
}

/** One client's stream of Server-Sent Events. Written to Node's response itself, which tells how much a reader is behind. */
export class EventStream {
  readonly #response: ServerResponse
  #endsAtOnce = false
  #wasCut = false

  constructor(response: ServerResponse) {
    this.#response = response
  }

  /** Whether the client has gone, or the stream has ended. */
  get isOver(): boolean {
    return this.#response.destroyed || this.#response.writableEnded
  }

  /** Whether the client has its answer, of which the stream is the body. */
  get hasBegun(): boolean {
    return this.#response.headersSent
  }

  /** Whether it was cut off since its reader was too far behind. */
  get wasCut(): boolean {
    return this.#wasCut
  }

  /** Calls back once when the client has gone, or the stream has ended. */
  onOver(callback: () => void): void {
    this.#response.once('close', callback)
  }

  /** Answers 200 with the first event; nothing may have been sent before. */
  begin(event: Buffer): void {
    this.#response.writeHead(200, HEADERS)
    this.send(event)
    if (this.#endsAtOnce) this.#response.end()
  }

  send(event: Buffer): void {
    if (this.isOver) return
    this.#wasCut = this.#response.writableLength + event.length > MAX_WAITING_BYTES
    // Not ended but destroyed: an end would wait in turn until the reader has taken all that is before it.
    if (this.#wasCut) this.#response.destroy()
    else this.#response.write(event)
  }

  /** Ends it after what was sent, or if nothing was yet, after its first event. */
  end(): void {
    if (this.hasBegun) this.#response.end()
    else this.#endsAtOnce = true
  }
}

/**
 * One event of one line: what is published may hold line breaks, which become spaces. Upstash's client takes each line for an event of
 * its own, so a payload on several lines would reach it in pieces, and one of them might pass for another message. JSON, whose
 * strings hold no bare line breaks, means the same afterwards.
 */
export function eventOf(text: string): Buffer {
  return Buffer.from(`data: ${text.replaceAll(/[\r\n]/g, ' ')}\n\n`)
}
