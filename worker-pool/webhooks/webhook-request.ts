import { lookup } from 'node:dns/promises'
import { buildConnector, Client, type Dispatcher } from 'undici'
import type { Clock } from '../../shared/clock.ts'
import { parseWebhookUrl } from '../../shared/webhook-url.ts'
import { publicLookup, type ResolveAll } from './public-lookup.ts'
import { reasonOf } from './request-failure.ts'
import { parseRetryAfter } from './retry-schedule.ts'
import type { WebhookMessage } from './webhook-message.ts'

/** What one attempt came to. */
export interface WebhookAnswer {
  /** Null where no answer came. */
  status: number | null
  /** Why it does not count as told; null if it does. In our words, never the receiver's. */
  error: string | null
  retryAfterMs?: number | undefined
}

/**
 * Sends a message once. Never rejects, but for when `signal` aborts; the message may have arrived even then.
 * Throws ProblemError if the URL is not one to send to.
 */
export type SendWebhook = (
  url: string,
  message: WebhookMessage,
  signal: AbortSignal,
) => Promise<WebhookAnswer>

export interface WebhookRequestSettings {
  /** Also http, private addresses and any port. */
  allowPrivate: boolean
  clock: Clock
  /** `lookup` of node:dns/promises where nothing is said. */
  resolveAll?: ResolveAll
}

/** For name, connection, headers and body together. */
const TIMEOUT_MS = 10_000
/** What is read of an answer, so that the receiver can end it in order; nothing of it is used. */
const MAX_ANSWER_BYTES = 4_096
const MAX_HEADER_BYTES = 16_384

const TIMED_OUT = `no answer within ${TIMEOUT_MS / 1000} s`

/**
 * Each attempt has a connection of its own, without a proxy, to addresses that were found public on the way. Redirects are not
 * followed: where they lead is not what was asked for.
 */
export function createSendWebhook({
  allowPrivate,
  clock,
  resolveAll = lookup,
}: WebhookRequestSettings): SendWebhook {
  // One for all, for the TLS sessions that it keeps.
  const connect = buildConnector({
    timeout: TIMEOUT_MS,
    ...(allowPrivate ? {} : { lookup: publicLookup(resolveAll) }),
  })
  return async (text, message, signal) => {
    const url = parseWebhookUrl(text, { allowPrivate })
    const client = new Client(url.origin, { connect, pipelining: 0, maxHeaderSize: MAX_HEADER_BYTES })
    const over = new AbortController()
    const late = clock.sleep(TIMEOUT_MS, AbortSignal.any([over.signal, signal])).then(() => 'late' as const)
    try {
      const response = await Promise.race([client.request(requestOf(url, message)), late])
      if (response !== 'late') {
        // Its status stands by now; what it sends beyond the limit, or too late, changes nothing.
        await Promise.race([response.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => {}), late])
        return answerOf(response, clock.now())
      }
    } catch (error) {
      return { status: null, error: reasonOf(error) }
    } finally {
      over.abort()
      client.destroy().catch(() => {})
    }
    signal.throwIfAborted()
    return { status: null, error: TIMED_OUT }
  }
}

function requestOf({ pathname, search }: URL, { body, headers }: WebhookMessage): Dispatcher.RequestOptions {
  return { method: 'POST', path: `${pathname}${search}`, headers, body }
}

function answerOf({ statusCode: status, headers }: Dispatcher.ResponseData, nowMs: number): WebhookAnswer {
  if (status >= 200 && status < 300) return { status, error: null }
  if (status >= 300 && status < 400) return { status, error: 'a redirect, which is not followed' }
  const asks = status === 429 || status === 503
  const retryAfter = asks ? headers['retry-after'] : undefined
  // A date is by the receiver's clock, which it tells beside it; ours may be wrong.
  const theirsMs = Date.parse(String(headers.date))
  const retryAfterMs = parseRetryAfter(
    Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    Number.isNaN(theirsMs) ? nowMs : theirsMs,
  )
  return { status, error: `HTTP ${status}`, retryAfterMs }
}
