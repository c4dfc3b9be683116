import { Pool } from 'undici'
import { CallFailure } from './call-failure.ts'

/** Longer than any answer may be under way: the longest wait is 60 s. */
const SILENCE_MS = 90_000

export interface EdgeRequest {
  method: 'GET' | 'POST'
  path: string
  headers?: Record<string, string>
  body?: Buffer
}

export interface EdgeAnswer {
  status: number
  header: (name: string) => string | undefined
  text: string
}

/**
 * HTTP as cheap as it gets in Node, on connections that are kept; as many as there are calls under way, so that no call waits for
 * another.
 */
export class EdgeClient {
  readonly #pool: Pool

  constructor(url: string) {
    this.#pool = new Pool(url, { headersTimeout: SILENCE_MS, bodyTimeout: SILENCE_MS })
  }

  /** Throws CallFailure 'no-answer'. */
  async send({ method, path, headers = {}, body }: EdgeRequest): Promise<EdgeAnswer> {
    try {
      const response = await this.#pool.request({ method, path, headers, body: body ?? null })
      const text = await response.body.text()
      const header = (name: string) => {
        const value = response.headers[name]
        return Array.isArray(value) ? value[0] : value
      }
      return { status: response.statusCode, header, text }
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string }
      throw new CallFailure('no-answer', `${method}: ${code ?? message}`)
    }
  }

  async close(): Promise<void> {
    await this.#pool.close()
  }
}
