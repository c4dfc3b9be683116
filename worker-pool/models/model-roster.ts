import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { versionId } from '../../shared/model-reference.ts'
import type { Announcer } from './announcer.ts'
import { ModelPackageError } from './model-package.ts'
import type { OfferOutcome, PackageChange, PackageOffer } from './package-change.ts'
import { misfitBetween } from './replaceable.ts'
import { RetiringModels } from './retiring-models.ts'

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
   * Loads a package, warms it up, opens its queue and serves it. Throws ModelPackageError or ConfigurationError if that cannot be done,
   * PackageChangedError if its files were changed meanwhile, and others if something else is in the way. When `signal` aborts it may
   * give up by throwing; what it returns all the same is drained.
   */
  serve: (offer: PackageOffer, signal: AbortSignal) => Promise<ServedModel>
  announcer: Pick<Announcer, 'update' | 'withdraw' | 'leave'>
  clock: Clock
  log: Logger
}

/**
 * What this pool serves. Changes are applied one at a time, in order, and none costs a job: another copy of a version serves before the old
 * one ends, and a version that is removed goes on until no edge sends to it and its queue is empty.
 */
export class ModelRoster {
  readonly #deps: ModelRosterDeps
  /** By `name@version`. */
  readonly #serving = new Map<string, ServedModel>()
  readonly #retiring: RetiringModels
  readonly #stopping = new AbortController()
  readonly #broken = Promise.withResolvers<unknown>()
  #deadline: AbortSignal | undefined
  #changes: Promise<unknown> = Promise.resolve()

  constructor(deps: ModelRosterDeps) {
    this.#deps = deps
    this.#retiring = new RetiringModels(deps.clock, deps.log)
  }

  /** Resolves with the reason if one of the models can serve no more. */
  get broken(): Promise<unknown> {
    return this.#broken.promise
  }

  get manifests(): ModelManifest[] {
    return [...this.#serving.values()].map(({ manifest }) => manifest)
  }

  /**
   * Resolves with what became of each offer; those that a stop came before are left out. Never rejects: one that cannot be
   * served leaves all else as it is.
   */
  apply(changes: readonly PackageChange[]): Promise<OfferOutcome[]> {
    const turn = this.#changes.then(() => this.#applyAll(changes))
    this.#changes = turn
    return turn
  }

  /**
   * Serves nothing any more; resolves when no job is held. A package that is being loaded is waited for. `deadline`: when models are to
   * give back what they have not settled. Rejects, at the end of all, with the reason of one that could not be drained.
   */
  async stop(deadline?: AbortSignal): Promise<void> {
    this.#deadline = deadline
    this.#stopping.abort()
    const ends = await Promise.allSettled([
      ...[this.#deps.announcer.leave(), this.#changes],
      ...[...this.#serving.values()].map((model) => model.drain(deadline)),
      this.#retiring.stop(deadline),
    ])
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
  }

  async #applyAll(changes: readonly PackageChange[]): Promise<OfferOutcome[]> {
    const outcomes: OfferOutcome[] = []
    for (const change of changes) {
      if (this.#stopping.signal.aborted) break
      if (change.kind === 'remove') await this.#remove(change.id)
      else outcomes.push({ offer: change, error: await this.#serve(change).catch(asError) })
    }
    return outcomes
  }

  async #serve(offer: PackageOffer): Promise<undefined> {
    const { serve, announcer, log } = this.#deps
    const { signal } = this.#stopping
    const { manifest } = offer.modelPackage
    const id = versionId(manifest)
    const old = this.#serving.get(id)
    const before = (old ?? this.#retiring.get(id))?.manifest
    const misfit = before && misfitBetween(before, manifest)
    if (misfit) throw new ModelPackageError(`${id}: the new copy ${misfit}; give it a version of its own`)
    const served = await serve(offer, signal)
    if (signal.aborted) {
      await served.drain(this.#deadline)
      return
    }
    // One that is on its way out by then ends by itself, and the pool goes on.
    served.finished.catch((reason: unknown) => {
      if (this.#serving.get(id) === served) this.#broken.resolve(reason)
    })
    this.#serving.set(id, served)
    log.info({ model: id, replaced: old !== undefined }, 'serves')
    await announcer.update(this.manifests)
    await this.#retiring.endAtOnce(id)
    if (old) await this.#retiring.replaced(id, old)
    if (offer.replaces !== undefined && !signal.aborted) await this.#remove(offer.replaces)
  }

  /** Resolves when Redis knows; it is served on. */
  async #remove(id: string): Promise<void> {
    const model = this.#serving.get(id)
    if (!model) return
    this.#serving.delete(id)
    const withdrawal = this.#deps.announcer.withdraw(id, this.manifests)
    this.#retiring.removed(id, model, withdrawal.ended)
    await withdrawal.said
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
