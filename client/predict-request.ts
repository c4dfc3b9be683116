import type { HttpRequest } from './http.ts'
import type { SubmitOptions } from './options.ts'

/** POST /predict. It carries an Idempotency-Key in any case, so that however often it is sent, there is one job. */
export function predictRequest(
  body: NonNullable<HttpRequest['body']>,
  prefer: string,
  options: SubmitOptions,
): HttpRequest {
  const { model, version, encodingFormat, priority, cancelAfter, noStore, webhook, traceparent, signal } =
    options
  return {
    method: 'POST',
    path: '/predict',
    query: {
      ...{ model, version, encoding_format: encodingFormat, webhook_url: webhook?.url },
      webhook_events: webhook?.events?.join(','),
    },
    headers: {
      ...{ prefer, traceparent, 'x-priority': priority, 'content-type': contentType(body) },
      'idempotency-key': options.idempotencyKey ?? newIdempotencyKey(),
      'cancel-after': cancelAfter?.toString(),
      'cache-control': noStore ? 'no-store' : undefined,
    },
    body,
    signal,
  }
}

/** A form's has a boundary that only fetch knows. */
function contentType(body: NonNullable<HttpRequest['body']>): string | undefined {
  if (body instanceof FormData) return undefined
  return typeof body === 'string' ? 'application/json' : body.type || 'application/octet-stream'
}

/** Not randomUUID, which browsers have on secure pages only. */
function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
