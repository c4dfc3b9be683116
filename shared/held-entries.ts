/** Entries that were handed to this pool and neither settled, released nor found to be nobody's; by queue, as others have the same ids. */
export class HeldEntries {
  readonly #held = new Map<string, Set<string>>()

  hold(queueKey: string, entry: string): void {
    const held = this.#held.get(queueKey)
    if (held) held.add(entry)
    else this.#held.set(queueKey, new Set([entry]))
  }

  holds(queueKey: string, entry: string): boolean {
    return this.#held.get(queueKey)?.has(entry) ?? false
  }

  letGo(queueKey: string, entry: string): void {
    this.#held.get(queueKey)?.delete(entry)
  }

  /** In the order of their ids. */
  of(queueKey: string): string[] {
    return [...(this.#held.get(queueKey) ?? [])].sort(byEntryId)
  }
}

/** Entry ids are `<ms>-<number>`. */
function byEntryId(a: string, b: string): number {
  const [aMs = 0, aNumber = 0] = a.split('-').map(Number)
  const [bMs = 0, bNumber = 0] = b.split('-').map(Number)
  return aMs - bMs || aNumber - bNumber
}
