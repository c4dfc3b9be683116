/** One event as it came. `id`: of the last one that had one, this included. */
export interface StreamedEvent {
  event: string
  id: string
  data: string
}

/** Resolves when nothing has come for too long, or at once when the signal aborts. */
export type Silence = (broken: AbortSignal) => Promise<void>

/**
 * Takes Server-Sent Events apart, as the HTML standard says; comments are left out. Ends with the stream, or when it is silent for too long, and
 * throws as the stream does.
 */
export async function* streamedEvents(
  body: ReadableStream<Uint8Array>,
  silence: Silence,
): AsyncGenerator<StreamedEvent> {
  let fields: { event: string; data: string[] } = { event: '', data: [] }
  let id = ''
  for await (const line of lines(body, silence)) {
    if (line === '') {
      if (fields.data.length > 0) yield { event: fields.event || 'message', id, data: fields.data.join('\n') }
      fields = { event: '', data: [] }
      continue
    }
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'event') fields.event = value
    if (field === 'data') fields.data.push(value)
    if (field === 'id' && !value.includes('\0')) id = value
  }
}

/** Without what ends them; what is not ended when the stream ends is no line. */
async function* lines(body: ReadableStream<Uint8Array>, silence: Silence): AsyncGenerator<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await readUnless(silence, reader)
      if (done) return
      // A carriage return at the end may be the first half of a line's end.
      const parts = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/)
      rest = parts.pop() ?? ''
      yield* parts
    }
  } finally {
    // Whoever stops listening ends the request.
    await reader.cancel().catch(() => {})
  }
}

/** Ends the stream if it is silent for too long. */
async function readUnless(
  silence: Silence,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  const broken = new AbortController()
  void silence(broken.signal).then(() => {
    // A read that waits is over then.
    if (!broken.signal.aborted) reader.cancel().catch(() => {})
  })
  try {
    return await reader.read()
  } finally {
    broken.abort()
  }
}
