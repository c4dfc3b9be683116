import type { QueueDepth } from '../../shared/queue-depth.ts'

/** A cloud whose machines are scaled by the depth. */
export interface DepthDestination {
  /** For the log. */
  readonly name: string
  /** `at`: when it was read, ms since the epoch. Rejects with words that may be logged. */
  publish(depth: QueueDepth, at: number): Promise<void>
}

/** A call to a cloud is given up after this; the next one is a minute away. */
export const PUBLISH_TIMEOUT_MS = 10_000
