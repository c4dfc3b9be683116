import { fromBase64Into } from '../shared/base64.ts'
import type { Clock } from '../shared/clock.ts'
import { type LuaScript, type RedisReply, scriptSha1 } from '../shared/redis-commands.ts'
import { probeBytesScript } from '../shared/scripts/probe-bytes.ts'
import { withinTime } from '../shared/within-time.ts'
import { refusal, unreachable } from './redis-failure.ts'

/** Longer paths are not taken everywhere. Ours have some 800 bytes at most, and five times the KEY_PREFIX. */
const MAX_PATH_LENGTH = 4_096
/** How long an endpoint is not probed again that could not be reached, or that another request probes. */
const NOT_NOW_MS = 5_000
/** How long one that does not carry bytes is not. */
const NOT_CARRIED_MS = 5 * 60_000
/** How Upstash and others say that they know no such path, method or command. */
const NOT_OFFERED = new Set([400, 404, 405, 501])
/** Of the time that a request has; what is carried after it in base64 has its own. */
const PROBE_SHARE = 1 / 3
const RETRIES = 2

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte)

export interface BytesEndpoint {
  /** Of the REST protocol. */
  url: string
  token: string
}

/** Has neither where it is no answer of the protocol's. */
interface Answer {
  status: number
  result?: unknown
  error?: string
}

/**
 * Scripts whose last argument is the body of a request, as it is: `POST /evalsha/<sha1>/<number of keys>/<key>...`, which Upstash's client
 * cannot send. Paths are what proxies log, so all but the keys is in the body. One for all requests of an isolate, since it remembers
 * whether bytes arrive as they were sent: that is asked first, with each byte there is.
 */
export class RestBytes {
  readonly #endpoint: BytesEndpoint
  readonly #clock: Clock
  readonly #teach: (script: LuaScript) => Promise<unknown>
  /** The answer is kept, not its promise: in a Worker one request may not wait for another's I/O. */
  #carries = false
  #restsUntil = 0

  /** `teach` has Redis know a script, whose source is too long for a path. */
  constructor(endpoint: BytesEndpoint, clock: Clock, teach: (script: LuaScript) => Promise<unknown>) {
    this.#endpoint = endpoint
    this.#clock = clock
    this.#teach = teach
  }

  /**
   * Undefined if the endpoint does not carry bytes, or not now, or if Redis does not know the script. Throws as RedisCommands do; network
   * errors are retried twice.
   */
  async run(
    script: LuaScript,
    keys: readonly string[],
    argument: readonly Uint8Array[],
    timeoutMs: number,
  ): Promise<RedisReply | undefined> {
    const path = await pathOf(script, keys)
    if (path.length > MAX_PATH_LENGTH || !(await this.#isCarried(timeoutMs * PROBE_SHARE))) return undefined
    const { result, error } = await withinTime(timeoutMs, this.#clock, (late) =>
      this.#retried(path, joined(argument), late),
    )
    if (result !== undefined) return result as RedisReply
    if (error?.startsWith('NOSCRIPT')) return undefined
    if (error !== undefined) throw refusal(error, 'RestBytes', this.#endpoint.url)
    this.#carries = false
    this.#rest(NOT_NOW_MS)
    return undefined
  }

  /** Never rejects: what cannot be probed does not carry. */
  async #isCarried(withinMs: number): Promise<boolean> {
    if (this.#carries || this.#clock.now() < this.#restsUntil) return this.#carries
    // Others need not wait, and one whose client has gone may never come to the end of this.
    this.#rest(NOT_NOW_MS)
    try {
      const { status, result } = await withinTime(withinMs, this.#clock, (late) => this.#probe(late))
      this.#carries = result !== undefined && isAllBytes(result)
      if (result !== undefined || NOT_OFFERED.has(status)) this.#rest(NOT_CARRIED_MS)
    } catch {}
    return this.#carries
  }

  async #probe(signal: AbortSignal): Promise<Answer> {
    const path = await pathOf(probeBytesScript, [])
    // Not all bytes are text, so not all would come back as they are but in base64.
    const probe = () => this.#post(path, ALL_BYTES, signal, { 'upstash-encoding': 'base64' })
    const answer = await probe()
    if (!answer.error?.startsWith('NOSCRIPT')) return answer
    await this.#teach(probeBytesScript)
    return probe()
  }

  async #retried(path: string, body: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#post(path, body, signal)
      } catch (error) {
        if (signal.aborted || attempt === RETRIES)
          throw unreachable(signal.aborted ? signal.reason : error, this.#endpoint.url)
      }
      await this.#clock.sleep(50 * 2 ** attempt * (0.5 + Math.random()))
    }
  }

  async #post(
    path: string,
    body: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
    further: Record<string, string> = {},
  ): Promise<Answer> {
    const { url, token } = this.#endpoint
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/octet-stream',
      ...further,
    }
    const response = await fetch(url.replace(/\/$/, '') + path, { method: 'POST', headers, body, signal })
    const text = await response.text()
    try {
      const { result, error } = JSON.parse(text)
      return { status: response.status, result, ...(typeof error === 'string' && { error }) }
    } catch {
      return { status: response.status }
    }
  }

  #rest(ms: number): void {
    this.#restsUntil = this.#clock.now() + ms
  }
}

async function pathOf(script: LuaScript, keys: readonly string[]): Promise<string> {
  return ['/evalsha', await scriptSha1(script), keys.length, ...keys.map(encodeURIComponent)].join('/')
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function isAllBytes(result: unknown): boolean {
  if (typeof result !== 'string') return false
  const bytes = new Uint8Array(result.length)
  const length = fromBase64Into(bytes, result)
  return length === ALL_BYTES.length && ALL_BYTES.every((byte, i) => bytes[i] === byte)
}
