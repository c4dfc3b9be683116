/** The parts of a request whose time is told, in the order in which they come. */
const PARTS = ['validate', 'decode', 'enqueue', 'wait'] as const
export type TimedPart = (typeof PARTS)[number]

/**
 * How long the parts of one request took, for its `Server-Timing`. A Worker's clock stands still while it computes and goes on with
 * I/O: there, decoding counts as 0, or is told with what is awaited after it.
 */
export class RequestTimings {
  readonly #now: () => number
  readonly #ms = new Map<TimedPart, number>()

  /** `now`: milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** What is measured under one name adds up. */
  async measure<T>(part: TimedPart, work: () => Promise<T>): Promise<T> {
    const begin = this.#now()
    try {
      return await work()
    } finally {
      this.#ms.set(part, (this.#ms.get(part) ?? 0) + this.#now() - begin)
    }
  }

  /** The header's value; undefined if nothing was measured. */
  header(): string | undefined {
    const told = PARTS.flatMap((part) => {
      const ms = this.#ms.get(part)
      return ms === undefined ? [] : [`${part};dur=${Math.round(ms * 10) / 10}`]
    })
    return told.length > 0 ? told.join(', ') : undefined
  }
}
