import type { Clock } from '../../shared/clock.ts'
import { type MetadataReply, requestMetadata } from './metadata-request.ts'
import type { PreemptionNotice } from './preemption.ts'

/** The longest that EC2 gives. */
const TOKEN_TTL_SECONDS = 21_600
/** As EC2 recommends; the notice comes two minutes ahead. */
const POLL_MS = 5_000

/**
 * Asks EC2's metadata server (version 2, with a token) whether this spot instance is to be stopped or terminated. One
 * look a call.
 */
export class Ec2Interruption {
  readonly source = 'ec2'
  readonly pauseMs = POLL_MS
  readonly #baseUrl: string
  readonly #clock: Pick<Clock, 'now'>
  #token: string | undefined

  constructor(baseUrl: string, clock: Pick<Clock, 'now'>) {
    this.#baseUrl = baseUrl
    this.#clock = clock
  }

  /** Whether this machine is EC2's. Never rejects. */
  async isHere(signal: AbortSignal): Promise<boolean> {
    return this.#fetchToken(signal).then(
      () => true,
      () => false,
    )
  }

  /** Undefined: nothing is planned. Rejects where the server does not say. */
  async look(signal: AbortSignal): Promise<PreemptionNotice | undefined> {
    let reply = await this.#ask(signal)
    if (reply.status === 401) {
      // The token is over, or the machine was moved.
      this.#token = undefined
      reply = await this.#ask(signal)
    }
    if (reply.status === 404) return undefined
    if (reply.status !== 200) throw new Error(`the metadata server answers ${reply.status}`)
    return { source: 'ec2', at: this.#timeIn(reply.text) }
  }

  async #ask(signal: AbortSignal): Promise<MetadataReply> {
    const token = this.#token ?? (await this.#fetchToken(signal))
    const url = new URL('/latest/meta-data/spot/instance-action', this.#baseUrl)
    return requestMetadata(url, { headers: { 'X-aws-ec2-metadata-token': token } }, signal)
  }

  async #fetchToken(signal: AbortSignal): Promise<string> {
    const url = new URL('/latest/api/token', this.#baseUrl)
    const headers = { 'X-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_TTL_SECONDS) }
    const reply = await requestMetadata(url, { method: 'PUT', headers }, signal)
    if (reply.status !== 200) throw new Error(`the metadata server answers ${reply.status} for a token`)
    this.#token = reply.text
    return reply.text
  }

  /** `{"action": "terminate", "time": "2026-01-01T00:00:00Z"}`. An answer we cannot read still is a notice: now. */
  #timeIn(text: string): number {
    try {
      const at = Date.parse(JSON.parse(text).time)
      if (Number.isFinite(at)) return at
    } catch {}
    return this.#clock.now()
  }
}
