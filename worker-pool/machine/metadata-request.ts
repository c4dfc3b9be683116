/** An answer of a cloud's metadata server. */
export interface MetadataReply {
  status: number
  text: string
  headers: Headers
}

/** A request that is not answered by then has failed: the server is on the machine itself. */
const TIMEOUT_MS = 2_000

/** Rejects when nobody answers in time, or `signal` aborts. */
export async function requestMetadata(
  url: URL,
  request: { method?: 'GET' | 'PUT'; headers: Record<string, string>; timeoutMs?: number },
  signal: AbortSignal,
): Promise<MetadataReply> {
  const reply = await fetch(url, {
    method: request.method ?? 'GET',
    headers: request.headers,
    // Whoever answers with a redirect is no metadata server.
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS)]),
  })
  return { status: reply.status, text: await reply.text(), headers: reply.headers }
}
