/** How a call can end that does not end well:
 *
 * | way            |                                                                           |
 * |----------------|---------------------------------------------------------------------------|
 * | `refused`      | 429 or 503: nothing was promised                                          |
 * | `server-error` | any other 5xx                                                             |
 * | `wrong`        | an answer that this call must not get                                     |
 * | `no-answer`    | the connection failed, or nothing came for longer than anything may take  |
 * | `lost`         | it was accepted, and is not there any more                                |
 */
export type FailureWay = 'refused' | 'server-error' | 'wrong' | 'no-answer' | 'lost'

/** What a refusal says of coming back. */
interface Refusal {
  /** The problem's. */
  code: string
  retryAfterSeconds: number | undefined
}

export class CallFailure extends Error {
  override readonly name = 'CallFailure'
  readonly way: FailureWay
  readonly refusal: Refusal | undefined

  constructor(way: FailureWay, what: string, refusal?: Refusal) {
    super(what)
    this.way = way
    this.refusal = refusal
  }
}
