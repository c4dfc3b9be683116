import { CommandError } from './command.ts'
import type { Outcome } from './redis.ts'
import { type ReplyEncoding, replyJson } from './reply.ts'

/** `{"result": ...}` or `{"error": "..."}`. */
export function outcomeJson(outcome: Outcome, encoding: ReplyEncoding): string {
  return 'error' in outcome ? errorJson(outcome.error) : `{"result":${replyJson(outcome.reply, encoding)}}`
}

export const errorJson = (error: string): string => `{"error":${JSON.stringify(error)}}`

/** The commands have run, but what they came to is too much to be held. */
export function answerTooLarge(bytes: number, max: number): CommandError {
  return new CommandError(`ERR max request size exceeded. Limit: ${max} bytes, Actual: ${bytes} bytes`)
}

/** The answer of a pipeline, whose outcomes come one by one. Holds no more of them than may be answered. */
export class PipelineJson {
  readonly #encoding: ReplyEncoding
  readonly #max: number
  #texts: string[] = []
  #length = 2

  /** `max`: of the text's length. */
  constructor(encoding: ReplyEncoding, max: number) {
    this.#encoding = encoding
    this.#max = max
  }

  take(outcome: Outcome, index: number): void {
    const text = outcomeJson(outcome, this.#encoding)
    this.#length += text.length + 1
    if (this.#length > this.#max) this.#texts = []
    else this.#texts[index] = text
  }

  /** Once all are taken. Throws CommandError if it is too long. */
  text(): string {
    if (this.#length > this.#max) throw answerTooLarge(this.#length, this.#max)
    return `[${this.#texts.join(',')}]`
  }
}
