/**
 * Memory for batches, used again and again: a batch is filled, handed to a session's thread and handed back. There is never more of it
 * than `count` blocks, so who asks for one waits for as long as all are in use: that is what bounds how far a pool claims ahead.
 */
export class BatchMemory {
  readonly #bytes: number
  readonly #idle: ArrayBuffer[] = []
  readonly #waiting: ((memory: ArrayBuffer) => void)[] = []
  #left: number

  /** Blocks of `bytes` each, made when they are first needed. */
  constructor(bytes: number, count: number) {
    this.#bytes = bytes
    this.#left = count
  }

  async take(): Promise<ArrayBuffer> {
    const idle = this.#idle.pop()
    if (idle) return idle
    if (this.#left > 0) {
      this.#left--
      return new ArrayBuffer(this.#bytes)
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Undefined stands for one that got lost with its thread; it is made anew. */
  giveBack(memory: ArrayBuffer = new ArrayBuffer(this.#bytes)): void {
    const next = this.#waiting.shift()
    if (next) next(memory)
    else this.#idle.push(memory)
  }
}
