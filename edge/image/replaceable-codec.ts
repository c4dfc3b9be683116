import { ProblemError } from '../../shared/errors.ts'
import { undecodable } from '../../shared/image-problems.ts'

/** A codec's WASM instance. Its memory only ever grows. */
export interface CodecInstance {
  readonly memoryBytes: number
}

/**
 * Keeps one WASM instance for the isolate's life. Instances that are dropped are collected late: with one per photo, workerd
 * was seen to reach gigabytes. Only after a throw from inside, when stack and heap are in an unknown state, is the instance
 * dropped; the next photo gets a new one.
 */
export class ReplaceableCodec<Instance extends CodecInstance> {
  readonly #create: () => Instance
  #instance: Instance | undefined

  constructor(create: () => Instance) {
    this.#create = create
  }

  get memoryBytes(): number {
    return this.#instance?.memoryBytes ?? 0
  }

  /**
   * A ProblemError passes through: a job throws it with the instance intact. Everything else comes out as ProblemError
   * 'undecodable-image' with the original as its cause.
   */
  run<T>(job: (instance: Instance) => T): T {
    this.#instance ??= this.#create()
    try {
      return job(this.#instance)
    } catch (cause) {
      if (cause instanceof ProblemError) throw cause
      this.#instance = undefined
      throw undecodable('The image is damaged or incomplete.', cause)
    }
  }
}
