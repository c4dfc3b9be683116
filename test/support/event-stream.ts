import { onTestFinished } from 'vitest'

/** One answer of /subscribe, event by event. */
export interface TestStream {
  status: number
  headers: Headers
  /** The lines up to the next blank one, or undefined once the stream has ended, however that was. */
  next: () => Promise<string[] | undefined>
  /** As if the client had vanished. */
  leave: () => void
}

/** Opens a stream at the path of a gateway; left when the test ends. */
export async function openStream(
  { url, token }: { url: string; token: string },
  path: string,
  init: RequestInit = {},
): Promise<TestStream> {
  const leaving = new AbortController()
  onTestFinished(() => leaving.abort())
  const { status, headers, body } = await fetch(url + path, {
    headers: { authorization: `Bearer ${token}` },
    signal: leaving.signal,
    ...init,
  })
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    status,
    headers,
    leave: () => leaving.abort(),
    next: async () => {
      for (;;) {
        const end = text.indexOf('\n\n')
        if (end >= 0) {
          const event = text.slice(0, end)
          text = text.slice(end + 2)
          return event.split('\n')
        }
        const piece = await reader?.read().catch(() => undefined)
        if (!piece || piece.done) return undefined
        text += piece.value
      }
    },
  }
}
