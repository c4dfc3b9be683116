import type { EdgebatchError } from '../../client/edgebatch-error.ts'
import { causeOf } from './edge-failure.ts'

/** Says why nothing comes while requests are tried again: once for each cause, however many meet it. */
export class WaitNotice {
  readonly #host: string
  readonly #warn: (line: string) => void
  readonly #told = new Set<string>()
  #standing: EdgebatchError | undefined

  constructor(host: string, warn: (line: string) => void) {
    this.#host = host
    this.#warn = warn
  }

  /** A request was refused with `error`, and is tried again in `pauseMs`. */
  waits(error: EdgebatchError, pauseMs: number): void {
    this.#standing = error
    const cause = `${error.code} ${error.status}`
    if (this.#told.has(cause)) return
    this.#told.add(cause)
    const seconds = Math.max(1, Math.round(pauseMs / 1000))
    this.#warn(`${causeOf(error, this.#host)}; trying again in ${seconds} s`)
  }

  /** A request was served: what stood in the way is gone. */
  served(): void {
    this.#standing = undefined
  }

  /** The user waits no longer: says what for, if for anything. */
  gaveUp(): void {
    if (!this.#standing) return
    const { requestId } = this.#standing
    const request = requestId === undefined ? '' : ` (request ${requestId})`
    this.#warn(`last, ${causeOf(this.#standing, this.#host)}${request}`)
  }
}
