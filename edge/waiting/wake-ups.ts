import type { PushStream } from '../result-push.ts'

/** What a push stream says, one thing after another, for somebody who also waits for other things. */
export type WakeUp = { kind: 'acknowledged' } | { kind: 'message'; text: string } | { kind: 'ended' }

/** Reads a push stream ahead by one, so that nothing is lost to a race that something else wins. */
export class WakeUps {
  readonly #stream: PushStream
  #next: Promise<WakeUp>

  constructor(stream: PushStream) {
    this.#stream = stream
    this.#next = stream.acknowledged.then((taken) => (taken ? { kind: 'acknowledged' } : { kind: 'ended' }))
  }

  /** The same again until it is `taken`. */
  get next(): Promise<WakeUp> {
    return this.#next
  }

  taken(): void {
    this.#next = this.#stream
      .nextMessage()
      .then((text) => (text === undefined ? { kind: 'ended' } : { kind: 'message', text }))
  }

  close(): void {
    this.#stream.close()
  }
}
