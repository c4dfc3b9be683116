import type { Registry } from 'prom-client'
import { PROBLEMS, type ProblemCode } from '../../shared/errors.ts'
import type { LossReason } from '../../shared/job-queue.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { versionId } from '../../shared/model-reference.ts'
import { heldMs, queuedMs } from './durations.ts'
import { failureOf } from './failures.ts'
import { createMetricFamilies, type MetricFamilies, type VersionLabels } from './metric-families.ts'
import type { BatchTimes, PoolObserver, SettledBatch, SettledJob } from './pool-observer.ts'

/** Failures that are 0 from the start, so that the first of them is seen as a rise. */
const EXPECTED_FAILURES: readonly ProblemCode[] = [
  'inference-failed',
  'unreadable-input',
  'undecodable-image',
  'job-expired',
]
const LOSS_REASONS: readonly LossReason[] = ['pool-lost', 'instance-lost']
const LATE_OUTCOMES = ['expired', 'canceled', 'stale', 'gone'] as const

interface ServedVersion {
  labels: VersionLabels
  /** What each copy of the version holds; there are two while one takes the place of the other. */
  pending: Map<ModelManifest, number>
}

/**
 * Counts what a pool does, as Prometheus metrics in `registry`. A version has its series while it is served; what is told of others
 * is not counted, so that labels stay as few as the versions.
 */
export class PoolMetrics implements PoolObserver {
  readonly #families: MetricFamilies
  readonly #served = new Map<string, ServedVersion>()

  constructor(registry: Registry) {
    this.#families = createMetricFamilies(registry)
  }

  modelServed(manifest: ModelManifest): void {
    const { failure, discarded, attemptsLost, pending, info } = this.#families
    const served = this.#served.get(versionId(manifest))
    if (served) return void served.pending.set(manifest, 0)
    const labels = { model: manifest.name, version: manifest.version }
    this.#served.set(versionId(manifest), { labels, pending: new Map([[manifest, 0]]) })
    for (const counter of this.#counters) counter.inc(labels, 0)
    for (const reason of LOSS_REASONS) attemptsLost.inc({ ...labels, reason }, 0)
    for (const reason of EXPECTED_FAILURES) failure.inc({ ...labels, reason }, 0)
    for (const outcome of LATE_OUTCOMES) discarded.inc({ ...labels, outcome }, 0)
    for (const histogram of Object.values(this.#families.histograms)) histogram.zero(labels)
    pending.set(labels, 0)
    info.set({ ...labels, task: manifest.task }, 1)
  }

  modelGone(manifest: ModelManifest): void {
    const { failure, discarded, attemptsLost, pending, info } = this.#families
    const served = this.#served.get(versionId(manifest))
    if (!served?.pending.delete(manifest)) return
    this.#tellPending(served)
    if (served.pending.size > 0) return
    const { labels } = served
    this.#served.delete(versionId(manifest))
    for (const metric of [...this.#counters, pending]) metric.remove(labels)
    for (const reason of LOSS_REASONS) attemptsLost.remove({ ...labels, reason })
    for (const reason of Object.keys(PROBLEMS)) failure.remove({ ...labels, reason })
    for (const outcome of LATE_OUTCOMES) discarded.remove({ ...labels, outcome })
    for (const histogram of Object.values(this.#families.histograms)) histogram.remove(labels)
    info.remove({ ...labels, task: manifest.task })
  }

  batchSettled({ manifest, size, bucket, executions, times, jobs }: SettledBatch): void {
    const labels = this.#served.get(versionId(manifest))?.labels
    if (!labels) return
    const { images, executionCount, padding, histograms } = this.#families
    images.inc(labels, size)
    executionCount.inc(labels, executions)
    padding.inc(labels, bucket - size)
    histograms.batchSize.observe(labels, size)
    histograms.gather.observe(labels, seconds(times.takenAt, times.claimedAt))
    histograms.input.observe(labels, seconds(times.claimedAt, times.fetchedAt))
    histograms.wait.observe(labels, seconds(times.fetchedAt, times.inferBegin))
    histograms.infer.observe(labels, seconds(times.inferBegin, times.inferEnd))
    histograms.output.observe(labels, seconds(times.inferEnd, times.settledAt))
    this.#countJobs(labels, jobs, times)
  }

  jobsFailed(
    manifest: ModelManifest,
    jobs: readonly SettledJob[],
    times: Pick<BatchTimes, 'claimedAt' | 'settledAt'>,
  ): void {
    const labels = this.#served.get(versionId(manifest))?.labels
    if (labels) this.#countJobs(labels, jobs, times)
  }

  jobsReleased(manifest: ModelManifest, count: number): void {
    const labels = this.#served.get(versionId(manifest))?.labels
    if (labels) this.#families.released.inc(labels, count)
  }

  attemptsLost(
    manifest: ModelManifest,
    { reason, retried, dead }: { reason: LossReason; retried: number; dead: readonly string[] },
  ): void {
    const labels = this.#served.get(versionId(manifest))?.labels
    if (!labels) return
    this.#families.attemptsLost.inc({ ...labels, reason }, retried + dead.length)
    this.#families.deadLetters.inc(labels, dead.length)
  }

  pendingChanged(manifest: ModelManifest, pending: number): void {
    const served = this.#served.get(versionId(manifest))
    if (!served?.pending.has(manifest)) return
    served.pending.set(manifest, pending)
    this.#tellPending(served)
  }

  /** Those that have no labels but the version's. */
  get #counters() {
    const { success, images, executionCount, padding, released, deadLetters } = this.#families
    return [success, images, executionCount, padding, released, deadLetters]
  }

  #tellPending({ labels, pending }: ServedVersion): void {
    const all = [...pending.values()].reduce((sum, held) => sum + held, 0)
    this.#families.pending.set(labels, all)
  }

  /**
   * A result that came too late is a failure only where the job ended by it: 'canceled', 'stale' and 'gone' jobs ended elsewhere. Of a job
   * that expired before it was run there was none.
   */
  #countJobs(
    labels: VersionLabels,
    jobs: readonly SettledJob[],
    times: Pick<BatchTimes, 'claimedAt' | 'settledAt'>,
  ): void {
    const { success, failure, discarded, histograms } = this.#families
    const held = heldMs(jobs, times)
    for (const settled of jobs) {
      const { job, outcome, failure: ownFailure } = settled
      histograms.queue.observe(labels, queuedMs(job) / 1000)
      if (outcome === 'succeeded') success.inc(labels)
      const reason = failureOf(settled)
      if (reason) failure.inc({ ...labels, reason })
      if (reason || outcome === 'succeeded')
        histograms.request.observe(labels, (queuedMs(job) + held(job)) / 1000)
      if (outcome !== 'succeeded' && outcome !== 'failed' && ownFailure !== 'job-expired')
        discarded.inc({ ...labels, outcome })
    }
  }
}

function seconds(beginMs: number, endMs: number): number {
  return (endMs - beginMs) / 1000
}
