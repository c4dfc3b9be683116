import type { Clock } from '../../../shared/clock.ts'
import type { PreemptionNotice } from '../preemption.ts'
import { Ec2Metadata, isTerminating } from './ec2-metadata.ts'

/** As EC2 recommends; the notice comes two minutes ahead. */
const POLL_MS = 5_000

/** Asks EC2 whether this spot instance is to be stopped or terminated, and whether its auto-scaling group is to let go of it. One look a call. */
export class Ec2Notices {
  readonly source = 'ec2'
  readonly pauseMs = POLL_MS
  readonly #metadata: Ec2Metadata
  readonly #clock: Pick<Clock, 'now'>

  constructor(baseUrl: string, clock: Pick<Clock, 'now'>) {
    this.#metadata = new Ec2Metadata(baseUrl)
    this.#clock = clock
  }

  /** Whether this machine is EC2's. Never rejects. */
  isHere(signal: AbortSignal): Promise<boolean> {
    return this.#metadata.isHere(signal)
  }

  /** Undefined: nothing is planned. Rejects where the server does not say. */
  async look(signal: AbortSignal): Promise<PreemptionNotice | undefined> {
    const action = await this.#metadata.read('spot/instance-action', signal)
    if (action !== undefined) return { source: 'ec2', at: this.#timeIn(action) }
    // A group says no time. It waits for its lifecycle hook, where there is one.
    if (await isTerminating(this.#metadata, signal)) return { source: 'ec2', at: this.#clock.now() }
    return undefined
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
