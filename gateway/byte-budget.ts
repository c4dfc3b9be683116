/** Bytes that many may hold together; who would be too much waits in line for his turn. */
export class ByteBudget {
  readonly #max: number
  readonly #waiting: { bytes: number; begin: () => void }[] = []
  #held = 0

  constructor(max: number) {
    this.#max = max
  }

  /** Resolves when `bytes` may be held, with what gives them back. More than there is counts as all there is. */
  async take(bytes: number): Promise<() => void> {
    const share = Math.min(bytes, this.#max)
    if (this.#waiting.length > 0 || this.#held + share > this.#max) {
      await new Promise<void>((begin) => this.#waiting.push({ bytes: share, begin }))
    } else this.#held += share
    let given = false
    return () => {
      if (given) return
      given = true
      this.#held -= share
      this.#admit()
    }
  }

  /** In order: a large one is not passed over for ever. */
  #admit(): void {
    for (let next = this.#waiting[0]; next && this.#held + next.bytes <= this.#max; next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#held += next.bytes
      next.begin()
    }
  }
}
