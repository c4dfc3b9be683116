import { EXIT_CODES } from '../exit-codes.ts'
import type { Progress, Terminal } from '../terminal.ts'
import { hasSucceeded, isPending, type Outcome, outcomeText, receiptText } from './outcome.ts'
import type { PredictFlags } from './predict-flags.ts'
import type { Tally } from './predict-photos.ts'

/** What the user is told of a run: results as they come, how far it is, and what it came to. */
export class RunReport {
  readonly #total: number
  readonly #flags: Pick<PredictFlags, 'json' | 'isAsync'>
  readonly #terminal: Terminal
  readonly #progress: Progress | undefined
  #done = 0
  #tally: Readonly<Tally> | undefined

  /** `total`: how many photos there are. */
  constructor(total: number, flags: Pick<PredictFlags, 'json' | 'isAsync'>, terminal: Terminal) {
    this.#total = total
    this.#flags = flags
    this.#terminal = terminal
    this.#progress = total > 1 ? terminal.startProgress(total, 0, 'files') : undefined
  }

  /** An answer of the service: one that says to come back is what is waited for now. */
  answered({ status, headers }: Response): void {
    if (status !== 429 && status !== 503) return
    this.#progress?.update(this.#done, `told to come back in ${headers.get('retry-after') ?? '?'} s`)
  }

  /** Of one photo; undefined where an earlier run has its result. */
  came(outcome: Outcome | undefined, tally: Readonly<Tally>): void {
    this.#tally = tally
    this.#progress?.update(++this.#done)
    if (!outcome) return
    const { json, isAsync } = this.#flags
    const isWell = hasSucceeded(outcome) || (isAsync && isPending(outcome))
    const line = isAsync ? receiptText(outcome) : outcomeText(outcome)
    if (json) this.#terminal.print(JSON.stringify(outcome))
    else if (isWell) this.#terminal.print(line)
    else this.#terminal.warn(line)
  }

  /** The run is over, or was interrupted. The exit code. */
  conclude(tally: Tally): number {
    const { stopped, warn } = this.#terminal
    this.#progress?.stop()
    if (this.#total > 1 || stopped.aborted) warn(summary(this.#total, tally))
    if (stopped.aborted) {
      warn('interrupted; run the same again: what was sent is not run twice')
      return EXIT_CODES.interrupted
    }
    if (tally.failed > 0) return EXIT_CODES.failed
    return tally.pending > 0 && !this.#flags.isAsync ? EXIT_CODES.unavailable : EXIT_CODES.done
  }

  /** It could not go on; why is told by others. */
  brokeOff(): void {
    this.#progress?.stop()
    if (this.#tally) this.#terminal.warn(summary(this.#total, this.#tally))
  }
}

function summary(total: number, { succeeded, pending, failed, earlier }: Tally): string {
  const parts = [
    `${succeeded + earlier} of ${total} succeeded`,
    ...(earlier > 0 ? [`${earlier} of them earlier`] : []),
    ...(pending > 0 ? [`${pending} have no result yet`] : []),
    ...(failed > 0 ? [`${failed} failed or were refused`] : []),
  ]
  return parts.join(', ')
}
