import { Worker } from 'node:worker_threads'
import { ConfigurationError } from '../../shared/read-configuration.ts'
import { ModelPackageError } from '../models/model-package.ts'
import type { InstanceAnswer, InstanceRequest, InstanceTask } from './instance-messages.ts'

export type FinishedRun = Extract<InstanceAnswer, { type: 'ran' }>

/** The thread ended while it had a batch, or could not be asked any more. */
export class InstanceLostError extends Error {
  override readonly name = 'InstanceLostError'
}

/** Next to nothing lives in a thread's heap; V8's default would let it grow to tens of megabytes before it looks. */
const YOUNG_MB = 4

const THREAD = new URL('./instance-thread.ts', import.meta.url)

/** One session of a model version, in a thread of its own. Runs one batch at a time. */
export class Instance {
  /** The most images of a batch that fit into memory when it was warmed up. */
  readonly maxBatchSize: number
  readonly #thread: Worker
  readonly #exited: Promise<void>
  #pending: PromiseWithResolvers<FinishedRun> | undefined
  #lost: InstanceLostError | undefined

  private constructor(thread: Worker, maxBatchSize: number) {
    this.maxBatchSize = maxBatchSize
    this.#thread = thread
    this.#exited = new Promise((resolve) => {
      thread.on('error', (error) => this.#lose(error.message))
      thread.on('exit', (code) => {
        this.#lose(`the thread ended (exit ${code})`)
        resolve()
      })
    })
    thread.on('message', (answer: InstanceAnswer) => {
      if (answer.type !== 'ran') return
      this.#pending?.resolve(answer)
      this.#pending = undefined
    })
  }

  /** Loads the package and runs every bucket once. Throws ModelPackageError or ConfigurationError if it cannot be served. */
  static async start(task: InstanceTask): Promise<Instance> {
    const thread = new Worker(THREAD, {
      workerData: task,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    const maxBatchSize = await new Promise<number>((resolve, reject) => {
      thread.once('message', (answer: InstanceAnswer) => {
        if (answer.type === 'ready') resolve(answer.maxBatchSize)
        else if (answer.type === 'refused')
          reject(new (answer.fault === 'package' ? ModelPackageError : ConfigurationError)(answer.message))
      })
      thread.once('error', reject)
      thread.once('exit', (code) => reject(new InstanceLostError(`a session's thread ended (exit ${code})`)))
    })
    return new Instance(thread, maxBatchSize)
  }

  /** Runs the first `n` images of `memory`, which comes back with the result. Throws InstanceLostError; then it is lost as well. */
  run(memory: ArrayBuffer, n: number): Promise<FinishedRun> {
    if (this.#lost) return Promise.reject(this.#lost)
    this.#pending = Promise.withResolvers()
    this.#send({ type: 'run', memory, n }, [memory])
    return this.#pending.promise
  }

  shrink(maxBatchSize: number): void {
    this.#send({ type: 'shrink', maxBatchSize })
  }

  async close(): Promise<void> {
    this.#send({ type: 'close' })
    await this.#exited
  }

  #send(request: InstanceRequest, transfer: ArrayBuffer[] = []): void {
    this.#thread.postMessage(request, transfer)
  }

  #lose(reason: string): void {
    this.#lost ??= new InstanceLostError(reason)
    this.#pending?.reject(this.#lost)
    this.#pending = undefined
  }
}
