import type { Logger } from 'pino'
import { ANNOUNCE_EVERY_MS, type PoolLoad } from '../../shared/announcement.ts'
import type { Clock } from '../../shared/clock.ts'
import type { JobConsumer } from '../../shared/job-queue.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { versionId } from '../../shared/model-reference.ts'
import type { UntilGranted } from '../redis/until-granted.ts'
import { type WithdrawalEnd, Withdrawals } from './withdrawals.ts'

export interface AnnouncerDeps {
  consumer: Pick<JobConsumer, 'announce' | 'leave'>
  load: () => PoolLoad
  untilGranted: UntilGranted
  clock: Clock
  log: Logger
}

/** What is told since it changes by itself is told this often at most, in ms. */
const SOON_MS = 2_000

/** A version that is being withdrawn. */
export interface Withdrawal {
  /** Resolves when Redis knows of it. */
  said: Promise<void>
  /** Resolves when it is known whether others serve the version: at once, or after some announcements; never once this pool has left. */
  ended: Promise<WithdrawalEnd>
}

/** Tells the edge what this pool serves, and how fast: when it changes, and every 30 s as a sign of life. One announcement at a time. */
export class Announcer {
  readonly #deps: AnnouncerDeps
  readonly #withdrawals: Withdrawals
  #manifests: readonly ModelManifest[] = []
  #last: Promise<unknown> = Promise.resolve()
  /** When the last one was begun. */
  #lastAt = Number.NEGATIVE_INFINITY
  #isDue = false
  #left = false

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps
    this.#withdrawals = new Withdrawals(deps.clock)
  }

  /** From now on these are served. Resolves when Redis knows. */
  update(manifests: readonly ModelManifest[]): Promise<void> {
    this.#manifests = manifests
    for (const manifest of manifests) this.#withdrawals.takeBack(versionId(manifest))
    return this.#inTurn(() => this.#deps.untilGranted('announce', () => this.#announce()))
  }

  /** The same, and `id` (`name@version`) no longer. It is said again until no pool lists it, or one that lives does. */
  withdraw(id: string, manifests: readonly ModelManifest[]): Withdrawal {
    const ended = this.#withdrawals.begin(id)
    return { said: this.update(manifests), ended }
  }

  /** The same again, once. Never rejects: the next one is not far. */
  async repeat(): Promise<void> {
    try {
      await this.#inTurn(() => this.#announce())
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#deps.log.warn({ reason }, 'could not announce')
    }
  }

  /** The same again, now or as soon as the last one is 2 s old; asked for more than once until then, it is still one. */
  repeatSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    const { clock } = this.#deps
    const wait = Math.max(0, this.#lastAt + SOON_MS - clock.now())
    void clock.sleep(wait).then(() => {
      this.#isDue = false
      return this.#left ? undefined : this.repeat()
    })
  }

  /** Repeats until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#deps.clock.sleep(ANNOUNCE_EVERY_MS, signal)
      if (signal.aborted) return
      await this.repeat()
    }
  }

  /** Nothing is announced after this. Redis that refuses is asked no second time: it will forget this pool by itself. */
  async leave(): Promise<void> {
    const { consumer, log } = this.#deps
    this.#left = true
    await consumer.leave().catch((error: unknown) => {
      log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'could not take leave')
    })
  }

  async #announce(): Promise<void> {
    const { consumer, load, clock } = this.#deps
    this.#lastAt = clock.now()
    const withdrawn = this.#withdrawals.ids
    const kept = await consumer.announce({ manifests: this.#manifests, withdrawn, load: load() })
    this.#withdrawals.said(withdrawn, kept)
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(call)
    this.#last = turn.catch(() => {})
    return turn
  }
}
