import type { Clock } from '../../shared/clock.ts'
import { requestMetadata } from './metadata-request.ts'
import type { PreemptionNotice } from './preemption.ts'

/** What Google's server wants to see, and shows. */
const FLAVOR = { 'Metadata-Flavor': 'Google' }
/** How long the server may hold a request back that waits for a change. */
const WAIT_SECONDS = 60
const WAIT_TIMEOUT_MS = (WAIT_SECONDS + 15) * 1000
/** What of the machine's metadata tells of its end. */
interface Telltale {
  key: 'preempted' | 'maintenance-event'
  value: string
  /** From the notice to the end of the machine, on Google's side; at least. */
  noticeMs: number
}

/** A spot or preemptible machine is taken back. */
const PREEMPTED: Telltale = { key: 'preempted', value: 'TRUE', noticeMs: 30_000 }
/** Its host is maintained, which machines with a GPU do not survive; MIGRATE_ON_HOST_MAINTENANCE they do not notice. */
const MAINTENANCE: Telltale = {
  key: 'maintenance-event',
  value: 'TERMINATE_ON_HOST_MAINTENANCE',
  noticeMs: 60_000,
}

/** Whether this machine is Google's. Never rejects. */
export async function isGcp(baseUrl: string, signal: AbortSignal): Promise<boolean> {
  const url = new URL('/computeMetadata/v1/instance/id', baseUrl)
  return requestMetadata(url, { headers: FLAVOR }, signal).then(
    ({ status, headers }) => status === 200 && headers.get('Metadata-Flavor') === 'Google',
    () => false,
  )
}

/** All that is to be watched on a machine of Google's. */
export function gcpPreemptions(baseUrl: string, clock: Pick<Clock, 'now'>): GcpPreemption[] {
  return [PREEMPTED, MAINTENANCE].map((telltale) => new GcpPreemption(telltale, baseUrl, clock))
}

/** Asks Google's metadata server about one thing that ends this machine. One look a call; all but the first wait for a change. */
class GcpPreemption {
  readonly source = 'gcp'
  readonly pauseMs = 0
  readonly #telltale: Telltale
  readonly #baseUrl: string
  readonly #clock: Pick<Clock, 'now'>
  /** What the server said last: it answers at once if that has changed meanwhile, so that no change is missed. */
  #etag: string | undefined

  constructor(telltale: Telltale, baseUrl: string, clock: Pick<Clock, 'now'>) {
    this.#telltale = telltale
    this.#baseUrl = baseUrl
    this.#clock = clock
  }

  /** Undefined: not so far. Rejects where the server does not say. */
  async look(signal: AbortSignal): Promise<PreemptionNotice | undefined> {
    const { key, value, noticeMs } = this.#telltale
    const url = new URL(`/computeMetadata/v1/instance/${key}`, this.#baseUrl)
    if (this.#etag !== undefined) {
      url.searchParams.set('wait_for_change', 'true')
      url.searchParams.set('last_etag', this.#etag)
      url.searchParams.set('timeout_sec', String(WAIT_SECONDS))
    }
    const waits = this.#etag === undefined ? {} : { timeoutMs: WAIT_TIMEOUT_MS }
    const reply = await requestMetadata(url, { headers: FLAVOR, ...waits }, signal)
    if (reply.status !== 200) throw new Error(`the metadata server answers ${reply.status} for ${key}`)
    if (reply.text.trim() === value) return { source: 'gcp', at: this.#clock.now() + noticeMs }
    // Without one, asking to wait would be answered at once, again and again.
    this.#etag = reply.headers.get('ETag') ?? undefined
    if (this.#etag === undefined) throw new Error('the metadata server gives no ETag')
    return undefined
  }
}
