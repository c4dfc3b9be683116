import { EdgebatchError, errorOf } from '../../client/edgebatch-error.ts'
import type {
  PublicDeadLetterDetails,
  PublicDeadLetters,
  PublicRetry,
} from '../../shared/public-dead-letter.ts'
import type { PublicHistory } from '../../shared/public-history.ts'
import type { PublicStats } from '../../shared/public-stats.ts'

/** An edge that does not answer for so long is taken for gone, ms. */
const TIMEOUT_MS = 10_000

/** What the service tells administrators, and does for them. All of it throws EdgebatchError; nothing is tried twice, since the page asks again by itself. */
export class AdminApi {
  readonly #origin: string
  readonly #apiKey: string | undefined

  constructor(origin: string, apiKey: string | undefined) {
    this.#origin = origin
    this.#apiKey = apiKey
  }

  stats(signal: AbortSignal): Promise<PublicStats> {
    return this.#json('GET', '/stats', signal)
  }

  history(signal: AbortSignal): Promise<PublicHistory> {
    return this.#json('GET', '/stats/history', signal)
  }

  /** Newest first. `model`: '' for all that are known; `after`: where the part before has ended. */
  deadLetters(model: string, after: string | null): Promise<PublicDeadLetters> {
    const query = new URLSearchParams({ ...(model !== '' && { model }), ...(after !== null && { after }) })
    return this.#json('GET', `/dead-letters?${query}`)
  }

  deadLetter(id: string): Promise<PublicDeadLetterDetails> {
    return this.#json('GET', letterPath(id))
  }

  retry(id: string): Promise<PublicRetry> {
    return this.#json('POST', `${letterPath(id)}/retry`)
  }

  async drop(id: string): Promise<void> {
    await this.#send('DELETE', letterPath(id))
  }

  async #json<T>(method: string, path: string, signal?: AbortSignal): Promise<T> {
    const response = await this.#send(method, path, signal)
    try {
      return await response.json()
    } catch (cause) {
      throw unreachable(cause)
    }
  }

  async #send(method: string, path: string, signal?: AbortSignal): Promise<Response> {
    const headers = { ...(this.#apiKey !== undefined && { authorization: `Bearer ${this.#apiKey}` }) }
    const limit = AbortSignal.timeout(TIMEOUT_MS)
    const either = signal ? AbortSignal.any([signal, limit]) : limit
    const response = await fetch(this.#origin + path, { method, headers, signal: either }).catch((cause) => {
      throw unreachable(cause)
    })
    if (response.ok) return response
    throw await errorOf(response, undefined)
  }
}

function letterPath(id: string): string {
  return `/dead-letters/${encodeURIComponent(id)}`
}

function unreachable(cause: unknown): EdgebatchError {
  return new EdgebatchError({ code: 'unreachable', detail: 'No answer came.', retryable: true, cause })
}
