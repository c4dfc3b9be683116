/** Batches that are ready, for the first instance that is free; if none is, for the one that has been at work for longest. */
export class BatchQueue<T> {
  readonly #items: T[] = []
  readonly #consumers: ((item: T | undefined) => void)[] = []
  readonly #busy = new Set<(item: T | undefined) => void>()
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
    const [busy] = this.#busy
    const consumer = this.#consumers.shift() ?? busy
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

  /**
   * For a consumer that is at work until `work` resolves: the item that it can go on with at once. It does not count as waiting, so
   * that nothing is pushed for its sake. Undefined if its work ends before, or there will be no more.
   */
  async nextDuring(work: Promise<void>): Promise<T | undefined> {
    const item = this.#items.shift()
    if (item !== undefined || this.#ended) return item
    return new Promise((resolve) => {
      const take = (next?: T) => {
        this.#busy.delete(take)
        resolve(next)
      }
      this.#busy.add(take)
      work.then(() => take())
    })
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
    for (const consumer of [...this.#consumers.splice(0), ...this.#busy]) consumer(undefined)
  }
}
