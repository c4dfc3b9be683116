import type { Redis } from '@upstash/redis'

/** Calls of Upstash's client, in order: what one leaves, later ones find. They begin with an empty Redis, and have it for themselves. */
export interface Family {
  name: string
  calls: readonly Call[]
}

export interface Call {
  run: (redis: Redis) => unknown
  /** Redis refuses it. */
  fails?: true
  /** It cannot be in a pipeline or a transaction. */
  alone?: true
  /** It cannot be by the client's auto-pipeline. */
  explicit?: true
  /** Of an answer that is another each time, what does not change. */
  told?: (answer: never) => unknown
}

type Run = Call['run']

export function family(name: string, ...calls: (Run | Call)[]): Family {
  return { name, calls: calls.map((call) => (typeof call === 'function' ? { run: call } : call)) }
}

export const refused = (run: Run): Call => ({ run, fails: true })
export const alone = (run: Run): Call => ({ run, alone: true })
export const explicit = (run: Run): Call => ({ run, explicit: true })
export const inAnyOrder = (run: Run): Call => ({ run, told: (members: string[]) => members.toSorted() })
/** Of a time that is left, whether there is some. */
export const timeLeft = (run: Run): Call => ({ run, told: (left: number) => left > 0 })
/** An answer by chance or by the clock: of what kind it is. */
export const kindOf = (run: Run): Call => ({ run, told: kinds })

function kinds(answer: unknown): unknown {
  return Array.isArray(answer) ? answer.map(kinds) : typeof answer
}
