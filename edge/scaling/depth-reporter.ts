import {
  type QueueDepth,
  type QueueLengthReader,
  type QueueLengths,
  queueDepth,
} from '../../shared/queue-depth.ts'
import { type HistoryStore, takeSnapshot } from '../../shared/snapshot.ts'
import type { DepthDestination } from './depth-destination.ts'

export interface DepthReporterDeps {
  lengths: QueueLengthReader
  history: Pick<HistoryStore, 'record'>
  destinations: readonly DepthDestination[]
  /** As in GET /stats. */
  keptWarmSeconds: number
  /** Between two reports, in ms. */
  everyMs: number
  /** `reason` holds neither secrets nor addresses of callers. */
  logFailure: (failure: { message: string; part: string; reason: string }) => void
}

/** How often what nobody waits for is done, in ms. */
const CLEAN_EVERY_MS = 600_000

/**
 * Tells clouds how many jobs there are, for them to have machines enough, and cleans up in Redis what no pool is there to clean up. What fails
 * is told and keeps nothing else from being done: a depth that is missing leaves the machines as they are. What was read is kept for the history
 * as well, which takes three commands; it is not read for that alone.
 */
export class DepthReporter {
  readonly #deps: DepthReporterDeps

  constructor(deps: DepthReporterDeps) {
    this.#deps = deps
  }

  /** One report, due at `at` (ms since the epoch). Resolves with the parts that failed. Never rejects. */
  async report(at: number): Promise<string[]> {
    const { destinations, everyMs } = this.#deps
    const cleans = Math.floor(at / CLEAN_EVERY_MS) !== Math.floor((at - everyMs) / CLEAN_EVERY_MS)
    if (destinations.length === 0 && !cleans) return []
    const lengths = await this.#attempt('redis', () => this.#deps.lengths.read())
    const depth = lengths && queueDepth(lengths.queues, lengths.pools, this.#deps.keptWarmSeconds)
    const published = await this.#publish(depth, at)
    const kept = lengths === undefined || (await this.#attempt('history', () => this.#keep(lengths)))
    return [
      ...(depth === undefined ? ['redis'] : []),
      ...(kept ? [] : ['history']),
      ...destinations.flatMap(({ name }, i) => (published[i] ? [] : [name])),
    ]
  }

  /** In the order of the destinations: whether each has it. Nobody is told of a depth that could not be read. */
  #publish(depth: QueueDepth | undefined, at: number): Promise<boolean[]> {
    const attempts = this.#deps.destinations.map(async (destination) => {
      if (depth === undefined) return true
      const done = await this.#attempt(destination.name, () =>
        destination.publish(depth, at).then(() => true),
      )
      return done ?? false
    })
    return Promise.all(attempts)
  }

  async #keep({ nowMs, queues, pools, memory }: QueueLengths): Promise<true> {
    await this.#deps.history.record(takeSnapshot(nowMs, queues, pools, { memory, deadLetters: null }))
    return true
  }

  async #attempt<T>(part: string, call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#deps.logFailure({ message: 'could not report the queue depth', part, reason })
      return undefined
    }
  }
}
