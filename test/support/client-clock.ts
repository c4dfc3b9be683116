import { SleepingClock } from './sleeping-clock.ts'

/**
 * Time of a client: its pauses take no time. A limit, which is of one of the given lengths in ms, lasts until what it bounds is over, or until
 * the test lets it run out.
 */
export class ClientClock extends SleepingClock {
  readonly #limits: ReadonlySet<number>
  readonly #running = new Set<() => void>()
  /** Called when a limit has begun. */
  onLimit: () => void = () => {}

  constructor(...limits: number[]) {
    super()
    this.#limits = new Set(limits)
  }

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (!this.#limits.has(ms)) return super.sleep(ms)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#running.add(resolve)
    signal?.addEventListener('abort', () => {
      this.#running.delete(resolve)
      resolve()
    })
    this.onLimit()
    return promise
  }

  runOut(): void {
    for (const end of this.#running) end()
  }

  /** How many run now. */
  get limits(): number {
    return this.#running.size
  }
}
