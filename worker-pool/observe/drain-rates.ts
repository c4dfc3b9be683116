import type { ModelManifest } from '../../shared/model-manifest.ts'
import { versionId } from '../../shared/model-reference.ts'
import type { WarmRun } from '../inference/instance-messages.ts'
import type { PoolObserver, SettledBatch } from './pool-observer.ts'

/** By how much a rate must differ from what was told last to be told at once. */
const TOLD_AT_ONCE = 0.2

/**
 * What one copy of a version did lately. Older batches count half for each batch of the largest size that came after them. Batches of
 * less than half of the largest do not count: they tell that little was waiting, not how fast a backlog is served.
 */
class LateBatches {
  /** When the last run of each instance ended. */
  readonly #ends = new Map<number, number>()
  #largest = 1
  #images = 0
  #occupiedMs = 0

  /** `warmRun`: what is believed until there are batches. */
  constructor(warmRun?: WarmRun) {
    if (!warmRun) return
    this.#largest = warmRun.images
    this.#images = warmRun.images
    this.#occupiedMs = warmRun.ms
  }

  add({ instance, size, times }: SettledBatch): void {
    const lastEnd = this.#ends.get(instance)
    this.#ends.set(instance, times.inferEnd)
    if (2 * size < this.#largest) return
    this.#largest = Math.max(this.#largest, size)
    const kept = 0.5 ** (size / this.#largest)
    this.#images = this.#images * kept + size
    this.#occupiedMs = this.#occupiedMs * kept + occupiedMs(times, lastEnd)
  }

  /** Images a second of one instance. */
  get rate(): number | undefined {
    return this.#occupiedMs > 0 ? (this.#images * 1000) / this.#occupiedMs : undefined
  }
}

/**
 * How many images a second a pool settles of each version while it is busy: an instance's, times the instances. Time in which there was
 * nothing to do does not count; time in which an instance waited for a batch that was being loaded does, since the pool is no faster.
 */
export class DrainRates implements PoolObserver {
  readonly #batches = new Map<ModelManifest, LateBatches>()
  #told: Record<string, number> = {}
  #changed: () => void = () => {}

  /** `changed` is called when a rate is first known, or is far from what `tell` gave last. */
  onChange(changed: () => void): void {
    this.#changed = changed
  }

  /** Images a second by `name@version`, of those for which that is known. */
  tell(): Record<string, number> {
    this.#told = this.#rates()
    return this.#told
  }

  modelServed(manifest: ModelManifest, warmRun?: WarmRun): void {
    this.#batches.set(manifest, new LateBatches(warmRun))
  }

  modelGone(manifest: ModelManifest): void {
    this.#batches.delete(manifest)
  }

  batchSettled(batch: SettledBatch): void {
    this.#batches.get(batch.manifest)?.add(batch)
    const id = versionId(batch.manifest)
    const [now, told] = [this.#rates()[id], this.#told[id]]
    if (now === undefined) return
    if (told === undefined || Math.abs(now - told) > TOLD_AT_ONCE * told) this.#changed()
  }

  jobsFailed(): void {}
  jobsReleased(): void {}

  attemptsLost(): void {}
  pendingChanged(): void {}

  /** Where one copy takes the place of another, the new one's as soon as that is known. */
  #rates(): Record<string, number> {
    return Object.fromEntries(
      [...this.#batches].flatMap(([manifest, { rate }]) =>
        rate === undefined ? [] : [[versionId(manifest), rate * manifest.serving.instances]],
      ),
    )
  }
}

/** `lastEnd`: of the run before on that instance. If this batch was under way by then, the instance waited for its inputs. */
function occupiedMs(
  { takenAt, fetchedAt, inferBegin, inferEnd }: SettledBatch['times'],
  lastEnd: number | undefined,
): number {
  const waited =
    lastEnd === undefined || takenAt >= lastEnd ? 0 : Math.max(0, Math.min(fetchedAt, inferBegin) - lastEnd)
  return inferEnd - inferBegin + waited
}
