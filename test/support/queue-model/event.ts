import * as fc from 'fast-check'
import type { History } from './history.ts'

/** Who or what an event is about: found by a number, so that it means something in any history. Undefined: it cannot come to pass. */
type Find<Args, Subject> = (history: History, args: Args) => Subject | undefined
type Run<Args, Subject> = (history: History, subject: Subject, args: Args) => Promise<void>

/** One event of a history. */
class Event<Args, Subject> implements fc.AsyncCommand<History, undefined> {
  readonly #name: string
  readonly #args: Args
  readonly #find: Find<Args, Subject>
  readonly #run: Run<Args, Subject>

  constructor(name: string, args: Args, find: Find<Args, Subject>, run: Run<Args, Subject>) {
    this.#name = name
    this.#args = args
    this.#find = find
    this.#run = run
  }

  check(history: Readonly<History>): boolean {
    return this.#find(history as History, this.#args) !== undefined
  }

  async run(history: History): Promise<void> {
    const subject = this.#find(history, this.#args)
    if (subject === undefined) return
    await this.#run(history, subject, this.#args)
    await history.check()
    history.saw(`event: ${this.#name}`)
  }

  toString(): string {
    return `${this.#name}(${fc.stringify(this.#args)})`
  }
}

export type Events = fc.Arbitrary<fc.AsyncCommand<History, undefined>>

/** Events of one kind; `args`: all that there may be. */
export function event<Args, Subject>(
  name: string,
  args: fc.Arbitrary<Args>,
  find: Find<Args, Subject>,
  run: Run<Args, Subject>,
): Events {
  return args.map((given) => new Event(name, given, find, run))
}

/** A number by which something is found. */
export const which = fc.nat(99)
/** That the answer to what is asked gets lost, as it seldom does. */
export const answerLost = fc.nat(5).map((one) => one === 5)

export function among<T>(all: readonly T[], i: number): T | undefined {
  return all[i % all.length]
}
