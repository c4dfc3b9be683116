import type { Clock } from '../shared/clock.ts'
import { ProblemError } from '../shared/errors.ts'
import type { JobProducer } from '../shared/job-queue.ts'
import type { ModelManifest } from '../shared/model-manifest.ts'

/** How old a known manifest may be: a new model is seen after at most this long, without a deploy. */
const FRESH_MS = 5_000

/** The models that pools have announced, remembered for a few seconds. */
export class ModelDirectory {
  readonly #queue: Pick<JobProducer, 'models'>
  readonly #clock: Clock
  readonly #defaultModel: string | undefined
  /** The answer is kept, not its promise: in a Worker one request may not wait for another's I/O. */
  #known: { manifests: ModelManifest[]; at: number } | undefined

  constructor(queue: Pick<JobProducer, 'models'>, clock: Clock, defaultModel: string | undefined) {
    this.#queue = queue
    this.#clock = clock
    this.#defaultModel = defaultModel
  }

  async list(): Promise<ModelManifest[]> {
    if (this.#known && this.#clock.now() - this.#known.at < FRESH_MS) return this.#known.manifests
    const manifests = await this.#queue.models()
    this.#known = { manifests, at: this.#clock.now() }
    return manifests
  }

  /** The model that a request names, or the one to take if it names none. Throws ProblemError. */
  async choose(requested: string | undefined): Promise<ModelManifest> {
    const manifests = await this.list()
    if (manifests.length === 0)
      throw new ProblemError('no-model', 'Start a worker pool; it announces its model.')
    const wanted = requested ?? this.#defaultModel
    const names = manifests.map(({ name }) => name).join(', ')
    if (wanted === undefined) {
      const [only, ...others] = manifests
      if (only && others.length === 0) return only
      throw new ProblemError('model-required', `Add ?model= with one of: ${names}.`)
    }
    const manifest = manifests.find(({ name }) => name === wanted)
    if (manifest) return manifest
    throw new ProblemError('model-not-found', `The models are: ${names}.`)
  }
}
