import { type KnownModel, MODELS_FRESH_MS } from '../shared/announcement.ts'
import type { Clock } from '../shared/clock.ts'
import { ProblemError } from '../shared/errors.ts'
import type { JobProducer } from '../shared/job-queue.ts'
import type { ModelManifest } from '../shared/model-manifest.ts'
import { type ModelReference, splitModelReference } from '../shared/model-reference.ts'
import { byVersion, defaultVersion } from './default-version.ts'
import { quoted } from './quoted.ts'

/** A model with all its versions. */
export interface ListedModel {
  name: string
  /** Highest first. */
  versions: KnownModel[]
  /** One of `versions`: what a request gets that names none. Undefined if the settings name one that is not there. */
  default: KnownModel | undefined
}

/** Whether a caller may use the model of this name. */
type MayUse = (name: string) => boolean

/** What a request says of the model it wants, as it came: `name`, `name@version`, a version alone, or nothing. */
export interface ModelRequest {
  model?: string | undefined
  version?: string | undefined
}

/** A Redis that does not answer is not asked again for this long, however many ask. */
const FAILED_MS = 1_000

/** The models that pools have announced, remembered for a few seconds. */
export class ModelDirectory {
  readonly #queue: Pick<JobProducer, 'models'>
  readonly #clock: Clock
  readonly #defaultModel: ModelReference | undefined
  /** The answer is kept, not its promise: in a Worker one request may not wait for another's I/O. */
  #known: { models: ListedModel[]; at: number } | undefined
  #failed: { error: unknown; at: number } | undefined

  /** `defaultModel`: the model of requests that name none; if it names a version, that is this model's default version. */
  constructor(queue: Pick<JobProducer, 'models'>, clock: Clock, defaultModel: ModelReference | undefined) {
    this.#queue = queue
    this.#clock = clock
    this.#defaultModel = defaultModel
  }

  /** By name. Throws what Redis does. */
  async list(): Promise<ListedModel[]> {
    if (this.#known && this.#clock.now() - this.#known.at < MODELS_FRESH_MS) return this.#known.models
    if (this.#failed && this.#clock.now() - this.#failed.at < FAILED_MS) throw this.#failed.error
    const byName = Map.groupBy(await this.#read(), ({ manifest }) => manifest.name)
    const models = [...byName].map(([name, versions]) => ({
      name,
      versions: versions.toSorted(byVersion).reverse(),
      default: this.#defaultOf(name, versions),
    }))
    this.#known = { models, at: this.#clock.now() }
    return models
  }

  async #read(): Promise<KnownModel[]> {
    try {
      return await this.#queue.models()
    } catch (error) {
      this.#failed = { error, at: this.#clock.now() }
      throw error
    }
  }

  /** How many images a second its pools serve, as was last told; null where none has. Asks nobody. */
  drainRate(name: string, version: string): number | null {
    const model = this.#known?.models.find((model) => model.name === name)
    return model?.versions.find(({ manifest }) => manifest.version === version)?.drainRate ?? null
  }

  /**
   * The version that a request names, or the one to take where it leaves that open, among the models that `mayUse` lets its caller use: the
   * others are as if they were not there. Throws ProblemError.
   */
  async choose(request: ModelRequest, mayUse: MayUse): Promise<ModelManifest> {
    const { name, version } = wantedBy(request)
    const all = await this.list()
    if (all.length === 0) throw new ProblemError('no-model', 'Start a worker pool; it announces its models.')
    const usable = all.filter((model) => mayUse(model.name))
    const model = modelNamed(name, this.#setFor(mayUse), usable)
    return this.#versionOf(model, version).manifest
  }

  /** Which of the models that a caller may use its requests get that name none; undefined where these are refused. */
  unnamed(usable: readonly ListedModel[], mayUse: MayUse): ListedModel | undefined {
    const set = this.#setFor(mayUse)
    const model =
      set !== undefined
        ? usable.find(({ name }) => name === set)
        : usable.length === 1
          ? usable[0]
          : undefined
    return model?.default && model
  }

  /** The default of the settings, for who may use it. */
  #setFor(mayUse: MayUse): string | undefined {
    const set = this.#defaultModel?.name
    return set !== undefined && mayUse(set) ? set : undefined
  }

  #versionOf({ name, versions, default: chosen }: ListedModel, version: string | undefined): KnownModel {
    const found =
      version === undefined ? chosen : versions.find(({ manifest }) => manifest.version === version)
    if (found) return found
    const missing =
      version === undefined
        ? `The version that the service takes for ${name} (DEFAULT_MODEL) is ${quoted(this.#defaultModel?.version ?? '')}, which is not there.`
        : `${name} has no version ${quoted(version)}.`
    const all = versions.map(({ manifest }) => manifest.version).join(', ')
    throw new ProblemError('model-not-found', `${missing} The versions of ${name} are: ${all}.`)
  }

  #defaultOf(name: string, versions: readonly KnownModel[]): KnownModel | undefined {
    const set = this.#defaultModel?.name === name ? this.#defaultModel.version : undefined
    if (set === undefined) return defaultVersion(versions)
    return versions.find(({ manifest }) => manifest.version === set)
  }
}

function wantedBy({ model, version }: ModelRequest): Partial<ModelReference> {
  const named: Partial<ModelReference> = model === undefined ? {} : splitModelReference(model)
  if (named.version !== undefined && version !== undefined && named.version !== version)
    throw new ProblemError('invalid-request', '?model= and ?version= name two versions; leave one out.')
  return { ...named, version: version ?? named.version }
}

/** `named`: by the request; `set`: in the settings, for requests that name none. */
function modelNamed(
  named: string | undefined,
  set: string | undefined,
  models: readonly ListedModel[],
): ListedModel {
  const name = named ?? set
  const [only, ...others] = models
  if (!only) throw new ProblemError('model-not-found', 'There is no model that this caller may use.')
  const names = models.map((model) => model.name).join(', ')
  if (name === undefined) {
    if (others.length === 0) return only
    throw new ProblemError('model-required', `Add ?model= with one of: ${names}.`)
  }
  const model = models.find((model) => model.name === name)
  if (model) return model
  const missing =
    named === undefined
      ? `The model of requests that name none (DEFAULT_MODEL) is ${quoted(name)}, which is not there.`
      : `There is no model ${quoted(name)}.`
  throw new ProblemError('model-not-found', `${missing} The models are: ${names}.`)
}
