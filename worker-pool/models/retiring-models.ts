import type { Logger } from 'pino'
import { MODELS_FRESH_MS } from '../../shared/announcement.ts'
import type { Clock } from '../../shared/clock.ts'
import { whenAborted } from '../when-aborted.ts'
import type { ServedModel } from './model-roster.ts'
import type { WithdrawalEnd } from './withdrawals.ts'

/** For an edge that chose a version just before it forgot it: to decode the photo and to enqueue the job. */
const ON_ITS_WAY_MS = 25_000

interface Retiring {
  id: string
  model: ServedModel
  /** In words, for the log. */
  what: string
  /** Ends its waiting for jobs. */
  atOnce: AbortController
  /** When it is to give back what it has not settled. */
  deadline: AbortController
  ended: Promise<void>
}

/** Models that are on their way out: old copies of what is served, and versions that were removed. */
export class RetiringModels {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #all = new Set<Retiring>()
  #stopped: { deadline: AbortSignal | undefined } | undefined

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock
    this.#log = log
  }

  /** What still serves a version that was removed. */
  get(id: string): ServedModel | undefined {
    return this.#find(id)?.model
  }

  /** What is left of a version ends now; resolves when it has. */
  async endAtOnce(id: string): Promise<void> {
    const retiring = this.#find(id)
    retiring?.atOnce.abort()
    await retiring?.ended
  }

  /** Its place is taken by another copy: it settles what it holds. Resolves when it has ended. */
  replaced(id: string, model: ServedModel): Promise<void> {
    return this.#add({ id, model, what: 'the old copy' }, async () => {})
  }

  /** The version was removed: others that serve it take what is still to come; otherwise there must be nothing left. */
  removed(id: string, model: ServedModel, withdrawal: Promise<WithdrawalEnd>): void {
    this.#log.info({ model: id }, 'was removed; it is served until its queue is empty')
    void this.#add({ id, model, what: 'the version' }, async (atOnce) => {
      const end = await Promise.race([withdrawal, whenAborted(atOnce)])
      if (end === 'forgotten') await this.#clock.sleep(MODELS_FRESH_MS + ON_ITS_WAY_MS, atOnce)
      if (end === 'forgotten' && !atOnce.aborted)
        await Promise.race([model.drainQueue(), whenAborted(atOnce)])
    })
  }

  /** All end now; resolves when they have. What is not settled when `deadline` aborts is given back. */
  async stop(deadline: AbortSignal | undefined): Promise<void> {
    this.#stopped = { deadline }
    for (const retiring of this.#all) hurry(retiring, deadline)
    await Promise.all([...this.#all].map(({ ended }) => ended))
  }

  #find(id: string): Retiring | undefined {
    return [...this.#all].find((retiring) => retiring.id === id)
  }

  /** `untilUseless`: how long it goes on. Never rejects. */
  #add(
    leaving: Pick<Retiring, 'id' | 'model' | 'what'>,
    untilUseless: (atOnce: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const retiring = { ...leaving, atOnce: new AbortController(), deadline: new AbortController(), ended }
    this.#all.add(retiring)
    if (this.#stopped) hurry(retiring, this.#stopped.deadline)
    void this.#retire(retiring, untilUseless).then(resolve)
    return ended
  }

  async #retire(retiring: Retiring, untilUseless: (atOnce: AbortSignal) => Promise<void>): Promise<void> {
    const { id, model, what, atOnce, deadline } = retiring
    try {
      // Also one that is broken, and has told so: what it holds is to be given back.
      await untilUseless(atOnce.signal).finally(() => model.drain(deadline.signal))
      this.#log.info({ model: id }, `${what} is no longer served`)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#log.error({ model: id, reason }, `${what} ended before it had settled all`)
    }
    this.#all.delete(retiring)
  }
}

function hurry({ atOnce, deadline }: Retiring, until: AbortSignal | undefined): void {
  atOnce.abort()
  if (until) void whenAborted(until).then(() => deadline.abort())
}
