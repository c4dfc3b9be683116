import type { ProblemCode } from '../../shared/errors.ts'
import type { ClaimedJob, LossReason, SettleOutcome } from '../../shared/job-queue.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import type { WarmRun } from '../inference/instance-messages.ts'

/** When a batch passed each stage: milliseconds of `performance.now()`, none before the one above it. */
export interface BatchTimes {
  /** The first of its entries was handed out; from here on the batch gathers. */
  takenAt: number
  /** The reply to its last claim was here: the moment in this process that the latest `ClaimedJob.claimedAt` stands for. */
  claimedAt: number
  /** Inputs decoded, checked and in memory; from here on the batch waits, for more jobs or a free instance. */
  fetchedAt: number
  inferBegin: number
  /** The run gave its outputs, or failed. */
  inferEnd: number
  settledAt: number
}

export interface SettledJob {
  job: ClaimedJob
  /** Undefined: succeeded. */
  failure: ProblemCode | undefined
  /** What the log is to say beyond `failure`, where that was unexpected. Neither values nor image bytes; no caller sees it. */
  reason?: string | undefined
  /** Neither 'succeeded' nor 'failed': the result came too late, or to a job that is gone. */
  outcome: SettleOutcome
}

/** A batch that was run, all its jobs settled. */
export interface SettledBatch {
  manifest: ModelManifest
  /** Which of the model's sessions ran it, from 0. */
  instance: number
  /** Images run. */
  size: number
  /** Rows run: `size`, and the padding. */
  bucket: number
  /** Runs of the session that it took: more than one if some failed. */
  executions: number
  times: BatchTimes
  jobs: readonly SettledJob[]
}

/**
 * Is told what a pool does. Called synchronously on the pool's way, hence quick. A version's copy is told apart by its manifest, the same
 * object throughout: `modelServed` comes before all else of it, and `modelGone` after, maybe more than once.
 */
export interface PoolObserver {
  /** A copy of the version is warm and takes jobs; another one may be on its way out. `warmRun`: what one of its instances does. */
  modelServed(manifest: ModelManifest, warmRun?: WarmRun): void
  modelGone(manifest: ModelManifest): void
  batchSettled(batch: SettledBatch): void
  /** Jobs that were settled as failed with no run to its end: unreadable inputs, photos that cannot be decoded, deadlines that have passed. */
  jobsFailed(
    manifest: ModelManifest,
    jobs: readonly SettledJob[],
    times: Pick<BatchTimes, 'claimedAt' | 'settledAt'>,
  ): void
  /** Claimed jobs were given back to their queue, this many. */
  jobsReleased(manifest: ModelManifest, count: number): void
  /** Attempts that have come to nothing: `retried` jobs are run again by this pool; `dead` are ids of those that have failed with their last one. */
  attemptsLost(
    manifest: ModelManifest,
    lost: { reason: LossReason; retried: number; dead: readonly string[] },
  ): void
  /** Jobs that this copy holds: claimed, neither settled nor released. Called when it changes. */
  pendingChanged(manifest: ModelManifest, pending: number): void
}

/** Tells all of `observers`. What one of them throws goes to `onError`: that a pool is watched must not cost it a job. */
export function observeWithAll(
  observers: readonly PoolObserver[],
  onError: (error: unknown) => void,
): PoolObserver {
  const tellAll = (tell: (observer: PoolObserver) => void) => {
    for (const observer of observers) {
      try {
        tell(observer)
      } catch (error) {
        onError(error)
      }
    }
  }
  return {
    modelServed: (...told) => tellAll((observer) => observer.modelServed(...told)),
    modelGone: (...told) => tellAll((observer) => observer.modelGone(...told)),
    batchSettled: (...told) => tellAll((observer) => observer.batchSettled(...told)),
    jobsFailed: (...told) => tellAll((observer) => observer.jobsFailed(...told)),
    jobsReleased: (...told) => tellAll((observer) => observer.jobsReleased(...told)),
    attemptsLost: (...told) => tellAll((observer) => observer.attemptsLost(...told)),
    pendingChanged: (...told) => tellAll((observer) => observer.pendingChanged(...told)),
  }
}
