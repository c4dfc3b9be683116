import type { Logger } from 'pino'
import { MODELS_FRESH_MS } from '../../shared/announcement.ts'
import type { Clock } from '../../shared/clock.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { versionId } from '../../shared/model-reference.ts'
import type { Announcer } from './announcer.ts'
import { type ModelPackage, ModelPackageError } from './model-package.ts'
import type { PackageChange, Scan } from './model-repository.ts'
import { misfitBetween } from './replaceable.ts'

/** One version of a model that takes jobs from its queue. */
export interface ServedModel {
  readonly manifest: ModelManifest
  /** Rejects if it can serve no more, for whatever reason; it is then of no use but to be drained. */
  readonly finished: Promise<unknown>
  /**
   * Takes no more jobs; resolves when those it holds are settled and its sessions closed. What is not settled when `deadline`
   * aborts is given back. May be called while `drainQueue` is under way, and again.
   */
  drain(deadline?: AbortSignal): Promise<void>
  /** Goes on until its queue is empty, then drains. */
  drainQueue(): Promise<void>
}

export interface ModelRosterDeps {
  /**
   * Loads a package, warms it up, opens its queue and serves it. Throws ModelPackageError if that cannot be done. When `signal` aborts it may
   * give up by throwing; what it returns all the same is drained.
   */
  serve: (modelPackage: ModelPackage, signal: AbortSignal) => Promise<ServedModel>
  announcer: Pick<Announcer, 'update' | 'leave'>
  clock: Clock
  log: Logger
}

/** For an edge that chose a version just before it forgot it: to decode the photo and to enqueue the job. */
const ON_ITS_WAY_MS = 25_000

/** A version that is on its way out. */
interface Retiring {
  model: ServedModel
  /** Ends its waiting for jobs. */
  atOnce: AbortController
  drained: Promise<void>
}

/**
 * What this pool serves. Changes are applied one at a time, in order, and none costs a job: another copy of a version serves before the old
 * one ends, and a version that is removed goes on until no edge sends to it and its queue is empty.
 */
export class ModelRoster {
  readonly #deps: ModelRosterDeps
  /** By `name@version`. */
  readonly #serving = new Map<string, ServedModel>()
  readonly #retiring = new Map<string, Retiring>()
  readonly #stopping = new AbortController()
  readonly #broken = Promise.withResolvers<unknown>()
  #deadline: AbortSignal | undefined
  #changes: Promise<unknown> = Promise.resolve()

  constructor(deps: ModelRosterDeps) {
    this.#deps = deps
  }

  /** Resolves with the reason if one of the models can serve no more. */
  get broken(): Promise<unknown> {
    return this.#broken.promise
  }

  get manifests(): ModelManifest[] {
    return [...this.#serving.values()].map(({ manifest }) => manifest)
  }

  /** Tries all that there is. Throws ModelPackageError with every reason if none of it can be served. */
  async start({ changes, refusals }: Scan): Promise<void> {
    const failures = await this.#inOrder(() => this.#applyAll(changes))
    const reasons = [...refusals, ...failures]
    if (this.#serving.size === 0 && !this.#stopping.signal.aborted) throw nothingToServe(reasons)
    for (const reason of reasons) this.#refuse(reason)
  }

  /** Never rejects: what cannot be served is logged, and all else goes on. */
  async apply({ changes, refusals }: Scan): Promise<void> {
    for (const reason of refusals) this.#refuse(reason)
    for (const reason of await this.#inOrder(() => this.#applyAll(changes))) this.#refuse(reason)
  }

  /**
   * Serves nothing any more; resolves when no job is held. A package that is being loaded is waited for. `deadline`: when models are to
   * give back what they have not settled. Rejects, at the end of all, with the reason of one that could not be drained.
   */
  async stop(deadline?: AbortSignal): Promise<void> {
    this.#deadline = deadline
    this.#stopping.abort()
    const left = this.#deps.announcer.leave()
    for (const { atOnce } of this.#retiring.values()) atOnce.abort()
    const ends = await Promise.allSettled([
      ...[left, this.#changes],
      ...[...this.#serving.values()].map((model) => model.drain(deadline)),
      ...[...this.#retiring.values()].map(({ drained }) => drained),
    ])
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
  }

  async #applyAll(changes: readonly PackageChange[]): Promise<string[]> {
    const failures: string[] = []
    for (const change of changes) {
      if (this.#stopping.signal.aborted) break
      if (change.kind === 'remove') await this.#remove(change.id)
      else await this.#serve(change.modelPackage).catch((error: unknown) => failures.push(messageOf(error)))
    }
    return failures
  }

  async #serve(modelPackage: ModelPackage): Promise<void> {
    const { serve, announcer, log } = this.#deps
    const { signal } = this.#stopping
    const id = versionId(modelPackage.manifest)
    const old = this.#serving.get(id) ?? this.#retiring.get(id)?.model
    const misfit = old && misfitBetween(old.manifest, modelPackage.manifest)
    if (misfit) throw new ModelPackageError(`${id}: the new copy ${misfit}; give it a version of its own`)
    const served = await serve(modelPackage, signal)
    if (signal.aborted) return served.drain(this.#deadline)
    served.finished.catch((reason: unknown) => this.#broken.resolve(reason))
    this.#serving.set(id, served)
    log.info({ model: id, replaced: old !== undefined }, 'serves')
    await announcer.update(this.manifests)
    const retiring = this.#retiring.get(id)
    retiring?.atOnce.abort()
    await (retiring?.drained ?? old?.drain(this.#deadline))
  }

  async #remove(id: string): Promise<void> {
    const model = this.#serving.get(id)
    if (!model) return
    this.#serving.delete(id)
    const atOnce = new AbortController()
    const withdrawn = this.#deps.announcer.update(this.manifests, [id])
    const drained = this.#retire(model, id, withdrawn, atOnce.signal)
    this.#retiring.set(id, { model, atOnce, drained })
    await withdrawn
  }

  /** Others that serve the version will take what is still to come; otherwise there must be nothing left. */
  async #retire(
    model: ServedModel,
    id: string,
    withdrawn: Promise<string[]>,
    atOnce: AbortSignal,
  ): Promise<void> {
    const { clock, log } = this.#deps
    log.info({ model: id }, 'was removed; it is served until its queue is empty')
    try {
      const told = withdrawn.then((kept) => kept.includes(id))
      const servedByOthers = await Promise.race([told, aborted(atOnce)])
      if (!servedByOthers) await clock.sleep(MODELS_FRESH_MS + ON_ITS_WAY_MS, atOnce)
      if (!servedByOthers && !atOnce.aborted) await Promise.race([model.drainQueue(), aborted(atOnce)])
      await model.drain(this.#deadline)
      log.info({ model: id }, 'is no longer served')
    } catch (error) {
      log.error({ model: id, reason: messageOf(error) }, 'ended before its queue was empty')
    }
    this.#retiring.delete(id)
  }

  #inOrder<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#changes.then(change)
    this.#changes = turn.catch(() => {})
    return turn
  }

  #refuse(reason: string): void {
    this.#deps.log.error({ reason }, 'cannot be served; what is served goes on')
  }
}

function nothingToServe(reasons: readonly string[]): ModelPackageError {
  if (reasons.length === 0) return new ModelPackageError('there is no model package to serve')
  if (reasons.length === 1) return new ModelPackageError(reasons[0] as string)
  return new ModelPackageError(
    ['no model package can be served:', ...reasons.map((reason) => `- ${reason}`)].join('\n'),
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function aborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(false)
    signal.addEventListener('abort', () => resolve(false), { once: true })
  })
}
