import type { Clock } from '../../shared/clock.ts'
import { requestMetadata } from './metadata-request.ts'
import type { PreemptionNotice } from './preemption.ts'

/** What Google's server wants to see, and shows. */
const FLAVOR = { 'Metadata-Flavor': 'Google' }
/** How long the server may hold a request back that waits for a change. */
const WAIT_SECONDS = 60
const WAIT_TIMEOUT_MS = (WAIT_SECONDS + 15) * 1000
/** From the notice to the end of the machine, on Google's side. */
const NOTICE_MS = 30_000

/** Asks Google's metadata server whether this machine is being preempted. One look a call; all but the first wait for a change. */
export class GcpPreemption {
  readonly source = 'gcp'
  readonly pauseMs = 0
  readonly #baseUrl: string
  readonly #clock: Pick<Clock, 'now'>
  /** What the server said last: it answers at once if that has changed meanwhile, so that no change is missed. */
  #etag: string | undefined

  constructor(baseUrl: string, clock: Pick<Clock, 'now'>) {
    this.#baseUrl = baseUrl
    this.#clock = clock
  }

  /** Whether this machine is Google's. Never rejects. */
  async isHere(signal: AbortSignal): Promise<boolean> {
    const url = new URL('/computeMetadata/v1/instance/id', this.#baseUrl)
    return requestMetadata(url, { headers: FLAVOR }, signal).then(
      ({ status, headers }) => status === 200 && headers.get('Metadata-Flavor') === 'Google',
      () => false,
    )
  }

  /** Undefined: not so far. Rejects where the server does not say. */
  async look(signal: AbortSignal): Promise<PreemptionNotice | undefined> {
    const url = new URL('/computeMetadata/v1/instance/preempted', this.#baseUrl)
    if (this.#etag !== undefined) {
      url.searchParams.set('wait_for_change', 'true')
      url.searchParams.set('last_etag', this.#etag)
      url.searchParams.set('timeout_sec', String(WAIT_SECONDS))
    }
    const waits = this.#etag === undefined ? {} : { timeoutMs: WAIT_TIMEOUT_MS }
    const reply = await requestMetadata(url, { headers: FLAVOR, ...waits }, signal)
    if (reply.status !== 200) throw new Error(`the metadata server answers ${reply.status}`)
    if (reply.text.trim() === 'TRUE') return { source: 'gcp', at: this.#clock.now() + NOTICE_MS }
    // Without one, asking to wait would be answered at once, again and again.
    this.#etag = reply.headers.get('ETag') ?? undefined
    if (this.#etag === undefined) throw new Error('the metadata server gives no ETag')
    return undefined
  }
}
