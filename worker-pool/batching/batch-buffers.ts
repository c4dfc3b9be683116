/**
 * Memory for batches, used again and again, and seen by the pool's thread and those of its sessions alike: nothing is handed over, and
 * nothing is lost with a thread. There is never more of it than `count` blocks, so who asks for one waits for as long as all are in use:
 * that is what bounds how far a pool claims ahead.
 */
export class BatchBuffers {
  readonly #bytes: number
  readonly #idle: SharedArrayBuffer[] = []
  readonly #waiting: ((memory: SharedArrayBuffer) => void)[] = []
  #left: number

  /** Blocks of `bytes` each, made when they are first needed. */
  constructor(bytes: number, count: number) {
    this.#bytes = bytes
    this.#left = count
  }

  async take(): Promise<SharedArrayBuffer> {
    const idle = this.#idle.pop()
    if (idle) return idle
    if (this.#left > 0) {
      this.#left--
      return new SharedArrayBuffer(this.#bytes)
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  giveBack(memory: SharedArrayBuffer): void {
    const next = this.#waiting.shift()
    if (next) next(memory)
    else this.#idle.push(memory)
  }
}
