import { ANNOUNCE_EVERY_MS, POOL_TTL_MS } from '../../shared/announcement.ts'
import type { Clock } from '../../shared/clock.ts'

/** `forgotten`: no edge will send jobs to it once it has heard. `kept`: others serve it. */
export type WithdrawalEnd = 'forgotten' | 'kept'

interface Open {
  /** When it was said first. */
  since?: number
  ended: PromiseWithResolvers<WithdrawalEnd>
}

/** Whoever still lists a version after so long has announced it since, and so was alive: a pool that died is forgotten by then. */
const REPEATED_FOR_MS = POOL_TTL_MS + ANNOUNCE_EVERY_MS

/**
 * Versions that this pool has given up, until no pool lists them any more. Redis keeps a version that is listed by another pool, be
 * that alive or only not yet forgotten: to say it once would leave known what nobody serves.
 */
export class Withdrawals {
  readonly #clock: Pick<Clock, 'now'>
  readonly #open = new Map<string, Open>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** `name@version` of each that is to be said. */
  get ids(): string[] {
    return [...this.#open.keys()]
  }

  begin(id: string): Promise<WithdrawalEnd> {
    const before = this.#open.get(id)
    if (before) return before.ended.promise
    const ended = Promise.withResolvers<WithdrawalEnd>()
    this.#open.set(id, { ended })
    return ended.promise
  }

  /** `ids` were said, and `kept` of them are still listed by others. */
  said(ids: readonly string[], kept: readonly string[]): void {
    const now = this.#clock.now()
    for (const id of ids) {
      const open = this.#open.get(id)
      if (!open) continue
      open.since ??= now
      if (!kept.includes(id)) this.#end(id, 'forgotten')
      else if (now - open.since >= REPEATED_FOR_MS) this.#end(id, 'kept')
    }
  }

  /** This pool serves it again. */
  takeBack(id: string): void {
    this.#end(id, 'kept')
  }

  #end(id: string, end: WithdrawalEnd): void {
    this.#open.get(id)?.ended.resolve(end)
    this.#open.delete(id)
  }
}
