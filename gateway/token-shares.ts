import type { Clock } from '../shared/clock.ts'
import { ByteBudget } from './byte-budget.ts'

/** What there is for all tokens, and what one of them may have of it. */
export interface SharedBytes {
  max: number
  perToken: number
}

/**
 * Half for one token where there are others: whatever it does, these find the other half. What two or more of them do together
 * is not held back: tokens are given out by whoever runs the gateway.
 */
export function sharedAmong(tokens: number, max: number): SharedBytes {
  return { max, perToken: tokens > 1 ? Math.ceil(max / 2) : max }
}

/** A budget of bytes for all tokens, of which none has more than its share; nor do others wait behind what is beyond that. */
export class TokenShares {
  readonly #all: ByteBudget
  readonly #perToken: number
  readonly #clock: Clock
  /** By the token's name. */
  readonly #shares = new Map<string, ByteBudget>()

  constructor({ max, perToken }: SharedBytes, clock: Clock) {
    this.#all = new ByteBudget(max, clock)
    this.#perToken = perToken
    this.#clock = clock
  }

  /** The budget as one token sees it. More than its share counts as all of that. */
  of(token: string): Pick<ByteBudget, 'take'> {
    let share = this.#shares.get(token)
    if (!share) {
      share = new ByteBudget(this.#perToken, this.#clock)
      this.#shares.set(token, share)
    }
    return new TokenShare(share, this.#all)
  }
}

class TokenShare implements Pick<ByteBudget, 'take'> {
  readonly #own: ByteBudget
  readonly #all: ByteBudget

  constructor(own: ByteBudget, all: ByteBudget) {
    this.#own = own
    this.#all = all
  }

  /** Waits in the token's own line first. Its other requests hurry the token's alone, and others' all. */
  async take(bytes: number, onOverdue: () => void = () => {}): Promise<() => void> {
    let isHeld = false
    // Who still waits in the line of all has nothing that he could be late with.
    const giveBackOwn = await this.#own.take(bytes, () => isHeld && onOverdue())
    const giveBack = await this.#all.take(bytes, onOverdue)
    isHeld = true
    return () => {
      giveBack()
      giveBackOwn()
    }
  }
}
