import type { Logger } from 'pino'
import type { LossReason } from '../../shared/job-queue.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { isOurs } from './failures.ts'
import type { PoolObserver, SettledBatch, SettledJob } from './pool-observer.ts'

/**
 * Writes what happens to jobs into the pool's log, each with its own and its request's id: failures that are ours as errors, those
 * of a caller's picture and what was canceled as info, what came too late as warnings. Batches are for debugging.
 */
export class JobLog implements PoolObserver {
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  modelServed(): void {}
  modelGone(): void {}
  pendingChanged(): void {}

  batchSettled({ manifest, instance, size, bucket, times, jobs }: SettledBatch): void {
    const inferMs = times.inferEnd - times.inferBegin
    this.#log.debug({ ...versionOf(manifest), instance, size, bucket, inferMs }, 'batch')
    this.#logEnds(manifest, jobs)
  }

  jobsFailed(manifest: ModelManifest, jobs: readonly SettledJob[]): void {
    this.#logEnds(manifest, jobs)
  }

  jobsReleased(manifest: ModelManifest, count: number): void {
    this.#log.info({ ...versionOf(manifest), count }, 'jobs given back')
  }

  attemptsLost(
    manifest: ModelManifest,
    { reason, retried, dead }: { reason: LossReason; retried: number; dead: readonly string[] },
  ): void {
    if (retried > 0)
      this.#log.warn({ ...versionOf(manifest), reason, count: retried }, 'attempts lost: jobs are run again')
    if (dead.length > 0)
      this.#log.error(
        { ...versionOf(manifest), reason, jobs: dead },
        'jobs given up after their last attempt',
      )
  }

  /** What ended in the same way is one line. */
  #logEnds(manifest: ModelManifest, jobs: readonly SettledJob[]): void {
    const canceled = jobs.filter(({ outcome }) => outcome === 'canceled')
    if (canceled.length > 0)
      this.#log.info({ ...versionOf(manifest), jobs: canceled.map(idsOf) }, 'jobs were canceled meanwhile')
    const late = jobs.filter(({ outcome }) => !['succeeded', 'failed', 'canceled'].includes(outcome))
    const neverRun = late.filter(({ failure }) => failure === 'job-expired')
    if (neverRun.length > 0)
      this.#log.warn(
        { ...versionOf(manifest), jobs: neverRun.map(idsOf) },
        'jobs expired before they were run',
      )
    const tooLate = late.filter(({ failure }) => failure !== 'job-expired')
    if (tooLate.length > 0) {
      const told = tooLate.map((settled) => ({ ...idsOf(settled), outcome: settled.outcome }))
      this.#log.warn({ ...versionOf(manifest), jobs: told }, 'results came too late')
    }
    const failed = jobs.filter(({ outcome }) => outcome === 'failed')
    for (const group of Map.groupBy(failed, ({ failure, reason }) => `${failure} ${reason}`).values())
      this.#logFailed(manifest, group)
  }

  #logFailed(manifest: ModelManifest, group: readonly SettledJob[]): void {
    const [first] = group
    const code = first?.failure ?? 'internal-error'
    const level = isOurs(code) ? 'error' : 'info'
    const reason = first?.reason === undefined ? {} : { reason: first.reason }
    this.#log[level]({ ...versionOf(manifest), code, ...reason, jobs: group.map(idsOf) }, 'jobs failed')
  }
}

function versionOf({ name, version }: ModelManifest) {
  return { model: name, version }
}

function idsOf({ job }: SettledJob) {
  return { job: job.id, request: job.requestId, attempt: job.attempt }
}
