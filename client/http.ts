import type { Clock } from '../shared/clock.ts'
import { EdgebatchError, errorOf } from './edgebatch-error.ts'
import type { OnRetry } from './options.ts'
import { parseRetryAfter } from './retry-after.ts'
import { pauseBeforeRetry } from './retry-policy.ts'

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface HttpOptions {
  /** Without a slash at the end. */
  baseUrl: string
  apiKey: string | undefined
  fetch: Fetch
  maxRetries: number
  onRetry: OnRetry
  clock: Clock
  random: () => number
}

export interface HttpRequest {
  method: 'GET' | 'POST'
  path: string
  query?: Readonly<Record<string, string | undefined>>
  headers?: Readonly<Record<string, string | undefined>>
  body?: Blob | FormData | string
  signal?: AbortSignal | undefined
}

export interface TimeLimit {
  signal: AbortSignal
  lift: () => void
}

/** Requests to one service, each tried again as long as that is worth it. */
export class Http {
  readonly #options: HttpOptions

  constructor(options: HttpOptions) {
    this.#options = options
  }

  /**
   * What `read` makes of an answer that is a success. Throws EdgebatchError, or the signal's reason. To be used only for what may be done
   * twice: an answer that breaks off while it is read is asked for again as well.
   */
  async send<T>(request: HttpRequest, read: (response: Response) => Promise<T>): Promise<T> {
    const { maxRetries, onRetry, random } = this.#options
    for (let failures = 1; ; failures++) {
      const outcome = await this.#try(request, read)
      if (!(outcome instanceof EdgebatchError)) return outcome
      const pauseMs = failures > maxRetries ? undefined : pauseBeforeRetry(outcome, failures, random())
      if (pauseMs === undefined) throw outcome
      onRetry(outcome, pauseMs)
      await this.pause(pauseMs, request.signal)
    }
  }

  /**
   * A signal that aborts when `outer` does, or after `ms` with the error that `reason` makes. To be lifted when what it bounds is over:
   * until then a timer runs.
   */
  timeLimit(ms: number, outer: AbortSignal | undefined, reason: () => Error): TimeLimit {
    const limit = new AbortController()
    const lifted = new AbortController()
    void this.#options.clock.sleep(ms, lifted.signal).then(() => {
      if (!lifted.signal.aborted) limit.abort(reason())
    })
    const signal = outer ? AbortSignal.any([outer, limit.signal]) : limit.signal
    return { signal, lift: () => lifted.abort() }
  }

  async json<T>(request: HttpRequest): Promise<T> {
    return this.send(request, readJson<T>)
  }

  /** Throws the signal's reason if it aborts before or meanwhile. */
  async pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    await this.#options.clock.sleep(ms, signal)
    signal?.throwIfAborted()
  }

  /** Resolves after `ms`, or at once when `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return this.#options.clock.sleep(ms, signal)
  }

  now(): number {
    return this.#options.clock.now()
  }

  async #try<T>(request: HttpRequest, read: (response: Response) => Promise<T>): Promise<T | EdgebatchError> {
    const { signal } = request
    signal?.throwIfAborted()
    try {
      const response = await this.#fetch(request)
      if (response.ok) return await read(response)
      return await errorOf(response, parseRetryAfter(response.headers.get('retry-after'), this.now()))
    } catch (cause) {
      signal?.throwIfAborted()
      return cause instanceof EdgebatchError ? cause : unreachable(cause)
    }
  }

  #fetch({ method, path, query = {}, headers = {}, body, signal }: HttpRequest): Promise<Response> {
    const { baseUrl, apiKey, fetch } = this.#options
    const authorization = apiKey === undefined ? undefined : `Bearer ${apiKey}`
    const init: RequestInit = { method, headers: defined({ authorization, ...headers }) }
    if (body !== undefined) init.body = body
    if (signal) init.signal = signal
    const search = new URLSearchParams(defined(query)).toString()
    return fetch(`${baseUrl}${path}${search && `?${search}`}`, init)
  }
}

export function unreachable(cause: unknown): EdgebatchError {
  return new EdgebatchError({ code: 'unreachable', detail: 'No answer came.', retryable: true, cause })
}

/** Throws EdgebatchError if it is none, and as fetch does if it breaks off. */
export async function readJson<T>(response: Response): Promise<T> {
  const text = await response.text()
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new EdgebatchError({
      ...{ code: 'unexpected-answer', detail: 'The answer is no JSON.', cause },
      requestId: response.headers.get('x-request-id') ?? undefined,
    })
  }
}

function defined(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
