import type { Clock } from '../shared/clock.ts'

/** How long those who hold something may keep others waiting, in milliseconds; at most twice that. */
export const PATIENCE_MS = 5_000

interface Holder {
  bytes: number
  onOverdue: () => void
}

/** Bytes that many may hold together; who would be too much waits in line for his turn. */
export class ByteBudget {
  readonly #max: number
  readonly #clock: Clock
  readonly #holders = new Set<Holder>()
  readonly #waiting: { holder: Holder; begin: () => void }[] = []
  #held = 0
  #nobodyWaits: AbortController | undefined

  constructor(max: number, clock: Clock) {
    this.#max = max
    this.#clock = clock
  }

  /**
   * Resolves when `bytes` may be held, with what gives them back. More than there is counts as all there is. `onOverdue` is called if others have
   * waited too long since: who does not need them yet should give them back.
   */
  async take(bytes: number, onOverdue: () => void = () => {}): Promise<() => void> {
    const holder = { bytes: Math.min(bytes, this.#max), onOverdue }
    if (this.#waiting.length > 0 || !this.#hasRoomFor(holder)) {
      await new Promise<void>((begin) => {
        this.#waiting.push({ holder, begin })
        if (!this.#nobodyWaits) void this.#hurry()
      })
    } else this.#hold(holder)
    return () => {
      if (!this.#holders.delete(holder)) return
      this.#held -= holder.bytes
      this.#admit()
    }
  }

  #hasRoomFor(holder: Holder): boolean {
    return this.#held + holder.bytes <= this.#max
  }

  #hold(holder: Holder): void {
    this.#holders.add(holder)
    this.#held += holder.bytes
  }

  /** In order: a large one is not passed over for ever. */
  #admit(): void {
    for (let next = this.#waiting[0]; next && this.#hasRoomFor(next.holder); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#hold(next.holder)
      next.begin()
    }
    if (this.#waiting.length > 0) return
    this.#nobodyWaits?.abort()
    this.#nobodyWaits = undefined
  }

  /** Until nobody waits, tells those who have held theirs all that time. */
  async #hurry(): Promise<void> {
    const nobodyWaits = new AbortController()
    this.#nobodyWaits = nobodyWaits
    for (;;) {
      const slow = [...this.#holders]
      await this.#clock.sleep(PATIENCE_MS, nobodyWaits.signal)
      if (nobodyWaits.signal.aborted) return
      for (const holder of slow) if (this.#holders.has(holder)) holder.onOverdue()
    }
  }
}
