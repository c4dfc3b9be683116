import { Worker } from 'node:worker_threads'
import { ConfigurationError } from '../../shared/read-configuration.ts'
import { ModelPackageError } from '../models/model-package.ts'
import type { InstanceAnswer, InstanceRequest, InstanceTask, WarmRun } from './instance-messages.ts'

export type FinishedRun = Extract<InstanceAnswer, { type: 'ran' }>

/** The thread has ended. */
export class InstanceLostError extends Error {
  override readonly name = 'InstanceLostError'
  /** Whether the batch's run may have begun: it may be what ended the thread. */
  readonly begun: boolean

  constructor(message: string, begun: boolean) {
    super(message)
    this.begun = begun
  }
}

/** Next to nothing lives in a thread's heap; V8's default would let it grow to tens of megabytes before it looks. */
const YOUNG_MB = 4

type Ready = Extract<InstanceAnswer, { type: 'ready' }>

const THREAD = new URL('./instance-thread.ts', import.meta.url)

/** One session of a model version, in a thread of its own. Runs one batch after another. */
export class Instance {
  /** The most images of a batch that fit into memory when it was warmed up. */
  readonly maxBatchSize: number
  readonly warmRun: WarmRun
  readonly #thread: Worker
  readonly #exited: Promise<void>
  /** The first one's run is under way. */
  readonly #pending: PromiseWithResolvers<FinishedRun>[] = []
  #lostFor: string | undefined

  private constructor(thread: Worker, { maxBatchSize, warmRun }: Ready) {
    this.maxBatchSize = maxBatchSize
    this.warmRun = warmRun
    this.#thread = thread
    this.#exited = new Promise((resolve) => {
      thread.on('error', (error) => this.#lose(error.message))
      thread.on('exit', (code) => {
        this.#lose(`the thread ended (exit ${code})`)
        resolve()
      })
    })
    thread.on('message', (answer: InstanceAnswer) => {
      if (answer.type === 'ran') this.#pending.shift()?.resolve(answer)
    })
  }

  /** Loads the package and runs every bucket once. Throws ModelPackageError or ConfigurationError if it cannot be served. */
  static async start(task: InstanceTask, entry = THREAD): Promise<Instance> {
    const thread = new Worker(entry, {
      workerData: task,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    const ready = await new Promise<Ready>((resolve, reject) => {
      thread.once('message', (answer: InstanceAnswer) => {
        if (answer.type === 'ready') resolve(answer)
        else if (answer.type === 'refused')
          reject(new (answer.fault === 'package' ? ModelPackageError : ConfigurationError)(answer.message))
      })
      thread.once('error', reject)
      thread.once('exit', (code) =>
        reject(new InstanceLostError(`a session's thread ended (exit ${code})`, false)),
      )
    })
    return new Instance(thread, ready)
  }

  /**
   * Runs the first `n` images of `memory`, which is not to be written to meanwhile, once the batches that came before are through.
   * Throws InstanceLostError.
   */
  run(memory: SharedArrayBuffer, n: number): Promise<FinishedRun> {
    if (this.#lostFor !== undefined) return Promise.reject(new InstanceLostError(this.#lostFor, false))
    const run = Promise.withResolvers<FinishedRun>()
    this.#pending.push(run)
    this.#send({ type: 'run', memory, n })
    return run.promise
  }

  shrink(maxBatchSize: number): void {
    this.#send({ type: 'shrink', maxBatchSize })
  }

  async close(): Promise<void> {
    this.#send({ type: 'close' })
    await this.#exited
  }

  #send(request: InstanceRequest): void {
    this.#thread.postMessage(request)
  }

  #lose(reason: string): void {
    this.#lostFor ??= reason
    for (const [i, run] of this.#pending.splice(0).entries())
      run.reject(new InstanceLostError(this.#lostFor, i === 0))
  }
}
