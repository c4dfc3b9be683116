import type { ModelManifest } from '../../shared/model-manifest.ts'
import { versionId } from '../../shared/model-reference.ts'
import { noWork, RECENT_WORK_MS, type RecentWork, sumOfWork } from '../../shared/recent-work.ts'
import { heldMs, queuedMs } from './durations.ts'
import { failureOf } from './failures.ts'
import type { BatchTimes, PoolObserver, SettledBatch, SettledJob } from './pool-observer.ts'

/** What is old is forgotten in steps of this, ms. */
const STEP_MS = 5_000

/** What was done in one step of time. */
interface Step {
  at: number
  work: RecentWork
}

/** What a pool did in the last minute, of each version: for who looks at all pools together. A minute of it takes a few kilobytes. */
export class RecentRuns implements PoolObserver {
  readonly #elapsed: () => number
  readonly #steps = new Map<string, Step[]>()

  /** `elapsed`: milliseconds, monotonic. */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed
  }

  /** By `name@version`, of those of which anything was done. */
  tell(): Record<string, RecentWork> {
    for (const id of this.#steps.keys()) this.#forgetOld(id)
    return Object.fromEntries(
      [...this.#steps].map(([id, steps]) => [id, sumOfWork(steps.map(({ work }) => work))]),
    )
  }

  batchSettled({ manifest, size, times, jobs }: SettledBatch): void {
    const work = this.#current(manifest)
    work.batchSizes.add(size)
    countJobs(work, jobs, times, times.inferEnd - times.inferBegin)
  }

  jobsFailed(
    manifest: ModelManifest,
    jobs: readonly SettledJob[],
    times: Pick<BatchTimes, 'claimedAt' | 'settledAt'>,
  ): void {
    countJobs(this.#current(manifest), jobs, times)
  }

  /** Those of them that are dead have failed for good. */
  attemptsLost(manifest: ModelManifest, { dead }: { dead: readonly string[] }): void {
    if (dead.length === 0) return
    const work = this.#current(manifest)
    work.settled += dead.length
    work.failures['attempts-exhausted'] = (work.failures['attempts-exhausted'] ?? 0) + dead.length
  }

  modelServed(): void {}
  modelGone(): void {}
  jobsReleased(): void {}
  pendingChanged(): void {}

  #current(manifest: ModelManifest): RecentWork {
    const id = versionId(manifest)
    const at = Math.floor(this.#elapsed() / STEP_MS)
    const last = this.#steps.get(id)?.at(-1)
    if (last?.at === at) return last.work
    const step = { at, work: noWork() }
    this.#steps.set(id, [...(this.#steps.get(id) ?? []), step])
    this.#forgetOld(id)
    return step.work
  }

  #forgetOld(id: string): void {
    const oldest = Math.floor(this.#elapsed() / STEP_MS) - RECENT_WORK_MS / STEP_MS
    const kept = (this.#steps.get(id) ?? []).filter(({ at }) => at > oldest)
    if (kept.length > 0) this.#steps.set(id, kept)
    else this.#steps.delete(id)
  }
}

/** Those that ended by this settlement. `predictMs`: of the run that they were in, if they were in one. */
function countJobs(
  work: RecentWork,
  jobs: readonly SettledJob[],
  times: Pick<BatchTimes, 'claimedAt' | 'settledAt'>,
  predictMs?: number,
): void {
  const held = heldMs(jobs, times)
  for (const settled of jobs) {
    const reason = failureOf(settled)
    if (reason === undefined && settled.outcome !== 'succeeded') continue
    work.settled += 1
    if (reason !== undefined) work.failures[reason] = (work.failures[reason] ?? 0) + 1
    work.queue.add(queuedMs(settled.job))
    work.total.add(queuedMs(settled.job) + held(settled.job))
    if (predictMs !== undefined) work.predict.add(predictMs)
  }
}
