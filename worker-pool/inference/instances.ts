import { Instance, InstanceLostError } from './instance.ts'
import type { InstanceTask, WarmRun } from './instance-messages.ts'
import type { BatchRun } from './run-batch.ts'

/** How a batch ended: with a result, or with its instance, for `lost`. */
export type BatchEnd = { run: BatchRun; ms: number } | { lost: string }

interface Place {
  /** Rejects if the one that was here was lost and could not be started again. */
  instance: Promise<Instance>
  /** Batches that were handed to it, the first of which it has been running since `since`, in ms of the pool's monotonic clock. */
  batches: number
  since: number
}

/** A version's instances, each replaced by another if it is lost. */
export class Instances {
  readonly #start: () => Promise<Instance>
  readonly #elapsed: () => number
  readonly #places: Place[]
  #maxBatchSize: number
  readonly #warmRun: WarmRun | undefined

  private constructor(start: () => Promise<Instance>, instances: Instance[], elapsed: () => number) {
    this.#start = start
    this.#elapsed = elapsed
    this.#warmRun = instances[0]?.warmRun
    this.#maxBatchSize = Math.min(...instances.map((instance) => instance.maxBatchSize))
    this.#places = instances.map((instance) => ({
      instance: Promise.resolve(instance),
      batches: 0,
      since: 0,
    }))
  }

  /**
   * As many as the manifest asks for, warm. Throws ModelPackageError or ConfigurationError if the package cannot be served; then none
   * is left. `elapsed`: milliseconds, monotonic. `entry`: what their threads run, if it is not the usual.
   */
  static async start(task: InstanceTask, elapsed: () => number, entry?: URL): Promise<Instances> {
    const { instances: count } = task.modelPackage.manifest.serving
    const start = () => Instance.start(task, entry)
    const started = await Promise.allSettled(Array.from({ length: count }, start))
    const instances = started.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
    const refused = started.find((start) => start.status === 'rejected')
    if (!refused) return new Instances(start, instances, elapsed)
    await Promise.all(instances.map((instance) => instance.close()))
    throw refused.reason
  }

  get count(): number {
    return this.#places.length
  }

  /** Of the first one, when it was started. */
  get warmRun(): WarmRun | undefined {
    return this.#warmRun
  }

  /** The most images of a batch that fit into the memory of all of them. */
  get maxBatchSize(): number {
    return this.#maxBatchSize
  }

  /**
   * Runs the first `n` images of `memory` on instance `i`. What is handed to one that is at work is run right after, without a
   * moment between them. A batch whose turn had not come when the instance was lost is run by the one that takes its place. Throws
   * InstanceLostError if none can be started.
   */
  async run(i: number, memory: SharedArrayBuffer, n: number): Promise<BatchEnd> {
    const place = this.#place(i)
    if (place.batches++ === 0) place.since = this.#elapsed()
    try {
      for (;;) {
        const instance = place.instance
        const end = await (await instance).run(memory, n).catch((error: unknown) => {
          if (!(error instanceof InstanceLostError)) throw error
          return error
        })
        if (!(end instanceof InstanceLostError)) return end
        if (place.instance === instance) place.instance = this.#another()
        if (end.begun) return { lost: end.message }
      }
    } finally {
      place.batches--
      place.since = this.#elapsed()
    }
  }

  /** Resolves when instance `i` can run batches. Throws InstanceLostError if it was lost and no other could be started. */
  async ready(i: number): Promise<void> {
    await this.#place(i).instance
  }

  /** Batches have at most this many images from now on. */
  shrink(maxBatchSize: number): void {
    this.#maxBatchSize = maxBatchSize
    for (const { instance } of this.#places)
      instance.then(
        (running) => running.shrink(maxBatchSize),
        () => {},
      )
  }

  async close(i: number): Promise<void> {
    await (await this.#place(i).instance).close()
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.#places.map((_, i) => this.close(i)))
  }

  /** Of each: how many batches it holds, and how long ago the run of the first one began, in ms. */
  work(): { batches: number; sinceMs: number }[] {
    const now = this.#elapsed()
    return this.#places.map(({ batches, since }) => ({ batches, sinceMs: batches === 0 ? 0 : now - since }))
  }

  #place(i: number): Place {
    const place = this.#places[i]
    if (!place) throw new RangeError(`there is no instance ${i}`)
    return place
  }

  /** One that knows at once what the others have learnt of memory. */
  #another(): Promise<Instance> {
    const starting = this.#start().then(
      (instance) => {
        if (instance.maxBatchSize > this.#maxBatchSize) instance.shrink(this.#maxBatchSize)
        return instance
      },
      // Neither package nor settings are at fault: they were good enough before. The process may be, or the machine.
      (error: Error) => {
        throw new InstanceLostError(`an instance was lost, and none can be started: ${error.message}`, false)
      },
    )
    starting.catch(() => {})
    return starting
  }
}
