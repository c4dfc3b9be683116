import type { Clock } from '../../shared/clock.ts'

/** A job that has not ended yet, and the two ways to learn what becomes of it. Each tells what is new by itself. */
export interface FollowedJob {
  /** Tells at once, and holds a connection meanwhile. Resolves at the job's end; throws where it is lost sight of, and the reason of `signal`. */
  stream(): Promise<void>
  /** Tells how it is now. Resolves with when to look again, in ms, or undefined at its end; throws as `stream` does, and tells nothing once `signal` has aborted. */
  look(signal: AbortSignal): Promise<number | undefined>
  /** When its first look is due, in ms from now. */
  firstLookMs: number
  /** Ends all. */
  signal: AbortSignal
}

interface Waiting {
  job: FollowedJob
  dueAt: number
  resolve: (turn: 'stream' | 'ended') => void
  reject: (reason: unknown) => void
  /** Of its looks. */
  looks: AbortController
}

/** From the end of one look to the next, of whatever job: hundreds do not make a flood. */
export const LOOK_EVERY_MS = 200

/**
 * Follows jobs to their ends: as many by a stream as there are connections for, in the order they came, and the others by looking at one after
 * the other, until one of the streams has ended. So no job waits to be heard of, however long those before it take.
 */
export class JobFollower {
  readonly #maxStreams: number
  readonly #clock: Clock
  #streams = 0
  /** For a stream, those that came first at the front. */
  readonly #waiting = new Set<Waiting>()
  #isLooking = false

  constructor(maxStreams: number, clock: Clock) {
    this.#maxStreams = maxStreams
    this.#clock = clock
  }

  /** Resolves at the job's end; throws as its ways do. */
  async follow(job: FollowedJob): Promise<void> {
    job.signal.throwIfAborted()
    if (this.#streams < this.#maxStreams) this.#streams += 1
    else if ((await this.#turnOf(job)) === 'ended') return
    try {
      await job.stream()
    } finally {
      this.#passOn()
    }
  }

  /** `stream`: one is free now, and the job's. */
  #turnOf(job: FollowedJob): Promise<'stream' | 'ended'> {
    const { promise, resolve, reject } = Promise.withResolvers<'stream' | 'ended'>()
    const dueAt = this.#clock.now() + job.firstLookMs
    const waiting: Waiting = { job, dueAt, resolve, reject, looks: new AbortController() }
    const stop = () => {
      if (this.#leave(waiting)) reject(job.signal.reason)
    }
    job.signal.addEventListener('abort', stop, { signal: waiting.looks.signal })
    this.#waiting.add(waiting)
    void this.#lookWhileAnyWaits()
    return promise
  }

  /** A stream that has ended is the next one's. */
  #passOn(): void {
    const [next] = this.#waiting
    if (next && this.#leave(next)) next.resolve('stream')
    else this.#streams -= 1
  }

  /** Whether it was still there: only who takes it out decides how its wait ends. */
  #leave(waiting: Waiting): boolean {
    waiting.looks.abort()
    return this.#waiting.delete(waiting)
  }

  async #lookWhileAnyWaits(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    while (this.#waiting.size > 0) {
      await this.#clock.sleep(LOOK_EVERY_MS)
      const now = this.#clock.now()
      const [due] = [...this.#waiting].filter(({ dueAt }) => dueAt <= now).sort((a, b) => a.dueAt - b.dueAt)
      if (due) await this.#lookAt(due)
    }
    this.#isLooking = false
  }

  async #lookAt(waiting: Waiting): Promise<void> {
    try {
      const pauseMs = await waiting.job.look(waiting.looks.signal)
      if (pauseMs !== undefined) waiting.dueAt = this.#clock.now() + pauseMs
      else if (this.#leave(waiting)) waiting.resolve('ended')
    } catch (error) {
      if (this.#leave(waiting)) waiting.reject(error)
    }
  }
}
