import type { Clock } from '../shared/clock.ts'

export interface ServerSentEvent {
  event: string
  id: string
  /** One line. */
  data: string
}

/** Silence after which a comment is sent, so that nobody on the way takes the connection for dead. */
const HEARTBEAT_MS = 15_000
/** When a client that uses EventSource comes back after the stream has ended, in ms. */
const RETRY_MS = 1_000

/**
 * Answers with events as they come (Server-Sent Events). The stream ends when they do; when the client goes, `gone` is aborted, which has to
 * end them. A failure among them ends the stream as well: the client comes back.
 */
export function eventStreamResponse(
  events: AsyncIterable<ServerSentEvent>,
  gone: AbortController,
  clock: Clock,
  headers: Headers,
): Response {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (text: string) => controller.enqueue(encoder.encode(text))
      send(`retry: ${RETRY_MS}\n\n`)
      void beat(send, gone.signal, clock)
      void pass(events, send)
        .catch(() => {})
        .then(() => {
          if (!gone.signal.aborted) controller.close()
          gone.abort()
        })
    },
    cancel() {
      gone.abort()
    },
  })
  headers.set('content-type', 'text/event-stream')
  headers.set('cache-control', 'no-store')
  // nginx would hold events back.
  headers.set('x-accel-buffering', 'no')
  return new Response(body, { status: 200, headers })
}

async function pass(events: AsyncIterable<ServerSentEvent>, send: (text: string) => void): Promise<void> {
  for await (const { event, id, data } of events) send(`event: ${event}\nid: ${id}\ndata: ${data}\n\n`)
}

async function beat(send: (text: string) => void, gone: AbortSignal, clock: Clock): Promise<void> {
  for (;;) {
    await clock.sleep(HEARTBEAT_MS, gone)
    if (gone.aborted) return
    send(': still here\n\n')
  }
}
