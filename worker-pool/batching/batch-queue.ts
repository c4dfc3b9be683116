/** Batches that are ready, for the first instance that is free. */
export class BatchQueue<T> {
  readonly #items: T[] = []
  readonly #consumers: ((item: T | undefined) => void)[] = []
  readonly #watchers = new Set<() => void>()
  #ended = false

  get length(): number {
    return this.#items.length
  }

  /** Consumers that have nothing to do. */
  get consumersWaiting(): number {
    return this.#consumers.length
  }

  push(item: T): void {
    const consumer = this.#consumers.shift()
    if (consumer) consumer(item)
    else this.#items.push(item)
  }

  /** The next item, in order; undefined once there will be no more. */
  async next(): Promise<T | undefined> {
    const item = this.#items.shift()
    if (item !== undefined || this.#ended) return item
    const next = new Promise<T | undefined>((resolve) => this.#consumers.push(resolve))
    for (const watcher of this.#watchers) watcher()
    return next
  }

  /** Resolves when a consumer waits for an item, now or later, or when `signal` aborts. */
  async whenConsumerWaits(signal: AbortSignal): Promise<void> {
    if (this.#consumers.length > 0 || signal.aborted) return
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#watchers.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#watchers.add(done)
      signal.addEventListener('abort', done)
    })
  }

  /** What is there can still be had. */
  end(): void {
    this.#ended = true
    for (const consumer of this.#consumers.splice(0)) consumer(undefined)
  }
}
