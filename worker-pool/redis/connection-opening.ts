import { type BulkReplyTaker, RedisProtocolError } from './bulk-reply-parser.ts'
import { encodeCommand, type RedisAddress } from './redis-address.ts'

/** Redis is asked so often how far away it is; the quickest answer was held up least. */
const PINGS = 3

export interface OpeningSteps {
  send(command: string): void
  /** Redis has let us in. */
  done(roundTripMs: number): void
  refused(reason: string): void
}

/** The first commands of a connection: who we are, which database, and whether Redis is there. One at a time. */
export class ConnectionOpening implements BulkReplyTaker {
  readonly #commands: Iterator<string[], undefined>
  readonly #steps: OpeningSteps
  #command: string[] | undefined
  #sentAt = 0
  #roundTripMs = Number.POSITIVE_INFINITY

  constructor(address: RedisAddress, steps: OpeningSteps) {
    this.#commands = openingCommands(address).values()
    this.#steps = steps
  }

  sendNext(): void {
    this.#command = this.#commands.next().value
    this.#sentAt = performance.now()
    if (this.#command) this.#steps.send(encodeCommand(this.#command))
    else this.#steps.done(this.#roundTripMs)
  }

  line(answer: string): void {
    if (!this.#command) throw new RedisProtocolError('an answer that nobody asked for')
    this.#roundTripMs = Math.min(this.#roundTripMs, performance.now() - this.#sentAt)
    const reason = refusal(this.#command, answer)
    if (reason === undefined) this.sendNext()
    else this.#steps.refused(reason)
  }

  place(): never {
    throw new RedisProtocolError('a value that nobody asked for')
  }

  value(): void {}

  nothing(): void {
    this.place()
  }
}

function openingCommands({ password, user, database }: RedisAddress): string[][] {
  const login = user ? ['AUTH', user, password] : ['AUTH', password]
  return [
    ...(password ? [login] : []),
    ...(database === '0' ? [] : [['SELECT', database]]),
    ...Array.from({ length: PINGS }, () => ['PING']),
  ]
}

/** Why Redis does not let us in, or undefined if it does. Repeats no argument. */
function refusal(command: readonly string[], answer: string): string | undefined {
  if (!answer.startsWith('-')) return undefined
  // A server without passwords says so to those who have one, and a user may be forbidden to PING: both are let in.
  if (command[0] === 'AUTH' && /no password is set|without any password configured/.test(answer))
    return undefined
  if (command[0] === 'PING' && answer.startsWith('-NOPERM')) return undefined
  // A server that does not know the command repeats its arguments.
  return answer.slice(1).split(/,? with args/)[0]
}
