/** Entries that were handed to this pool and neither settled, released nor found to be nobody's; by queue, as others have the same ids. */
export class HeldEntries {
  readonly #held = new Set<string>()

  hold(queueKey: string, entry: string): void {
    this.#held.add(`${queueKey} ${entry}`)
  }

  holds(queueKey: string, entry: string): boolean {
    return this.#held.has(`${queueKey} ${entry}`)
  }

  letGo(queueKey: string, entry: string): void {
    this.#held.delete(`${queueKey} ${entry}`)
  }
}
