import type { Logger } from 'pino'
import { ANNOUNCE_EVERY_MS, type PoolLoad } from '../../shared/announcement.ts'
import type { Clock } from '../../shared/clock.ts'
import type { JobConsumer } from '../../shared/job-queue.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import type { UntilGranted } from '../redis/until-granted.ts'

export interface AnnouncerDeps {
  consumer: Pick<JobConsumer, 'announce' | 'leave'>
  load: () => PoolLoad
  untilGranted: UntilGranted
  clock: Clock
  log: Logger
}

/** Tells the edge what this pool serves: whenever it changes, and every 30 s as a sign of life. One announcement at a time. */
export class Announcer {
  readonly #deps: AnnouncerDeps
  #manifests: readonly ModelManifest[] = []
  #last: Promise<unknown> = Promise.resolve()

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps
  }

  /**
   * From now on these are served; `withdrawn`, each a `name@version`, no longer. Resolves when Redis knows, with those of
   * `withdrawn` that other pools serve.
   */
  update(manifests: readonly ModelManifest[], withdrawn: readonly string[] = []): Promise<string[]> {
    const { consumer, load, untilGranted } = this.#deps
    this.#manifests = manifests
    return this.#inTurn(() =>
      untilGranted('announce', () => consumer.announce({ manifests, withdrawn, load: load() })),
    )
  }

  /** The same again, once. Never rejects: the next one is not far. */
  async repeat(): Promise<void> {
    const { consumer, load, log } = this.#deps
    try {
      await this.#inTurn(() => consumer.announce({ manifests: this.#manifests, withdrawn: [], load: load() }))
    } catch (error) {
      log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'could not announce')
    }
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
    await consumer.leave().catch((error: unknown) => {
      log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'could not take leave')
    })
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(call)
    this.#last = turn.catch(() => {})
    return turn
  }
}
