import type { Clock } from '../../shared/clock.ts'

interface Sleep {
  ms: number
  wake: () => void
}

/** Time stands still: who sleeps is woken by its signal or by the test. */
export class StandingClock implements Clock {
  readonly #sleeps = new Set<Sleep>()

  /** The real time, so that signatures are of now. */
  now(): number {
    return Date.now()
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const sleep = { ms, wake: resolve }
      this.#sleeps.add(sleep)
      signal?.addEventListener('abort', () => {
        this.#sleeps.delete(sleep)
        resolve()
      })
    })
  }

  /** Ends all sleeps that last so long. */
  wake(ms: number): void {
    for (const sleep of this.#sleeps) {
      if (sleep.ms !== ms) continue
      this.#sleeps.delete(sleep)
      sleep.wake()
    }
  }
}
