import type { Clock } from '../../shared/clock.ts'

/** Time that passes only when somebody sleeps: each sleep is over at once, and has taken as long as it should. */
export class SleepingClock implements Clock {
  #now = 1_000_000
  /** How long each sleep was, in ms. */
  readonly sleeps: number[] = []
  /** Called at the end of each sleep. */
  onWake: () => void = () => {}

  now(): number {
    return this.#now
  }

  /** Time that passes otherwise. */
  pass(ms: number): void {
    this.#now += ms
  }

  async sleep(ms: number): Promise<void> {
    this.sleeps.push(ms)
    this.#now += ms
    this.onWake()
  }
}
