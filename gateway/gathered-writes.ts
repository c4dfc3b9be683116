import type { Redis } from 'ioredis'

/**
 * What is written in one turn of the event loop, of whichever requests, as one write to Redis' connection: a system call costs more than all
 * else that a small command takes. To be handed to ioredis in its connection's place.
 */
export class GatheredWrites {
  readonly #redis: Redis
  #pieces: (string | Buffer)[] = []

  constructor(redis: Redis) {
    this.#redis = redis
  }

  write(piece: string | Buffer): boolean {
    if (this.#pieces.push(piece) > 1) return true
    // That of now: should it be lost meanwhile, ioredis says so to who waits, and another one must not get these commands.
    const { stream } = this.#redis
    setImmediate(() => {
      const pieces = this.#pieces
      this.#pieces = []
      if (stream.destroyed) return
      stream.cork()
      for (const run of joined(pieces)) stream.write(run)
      stream.uncork()
    })
    return true
  }
}

/** Texts that follow one another become one; bytes stay as they are. */
function joined(pieces: readonly (string | Buffer)[]): (string | Buffer)[] {
  const runs: (string | Buffer)[] = []
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece
    else {
      if (text !== '') runs.push(text)
      text = ''
      runs.push(piece)
    }
  }
  return text === '' ? runs : [...runs, text]
}
