import type { Clock } from '../../shared/clock.ts'
import { versionId } from '../../shared/model-reference.ts'
import { ModelPackageError, unreadable } from './model-package.ts'
import { type OfferOutcome, PackageChangedError, type PackageOffer } from './package-change.ts'
import { packageFiles } from './package-files.ts'
import type { PackageFolder } from './package-folders.ts'
import { loadNamedPackage } from './read-packages.ts'
import { WatchedPackage } from './watched-package.ts'

/** The package folders that a repository has seen. Each version is offered from one of them at a time. */
export class WatchedPackages {
  readonly #clock: Clock
  readonly #byPath = new Map<string, WatchedPackage>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get folders(): PackageFolder[] {
    return [...this.#byPath.values()].map(({ folder }) => folder)
  }

  get(path: string): WatchedPackage | undefined {
    return this.#byPath.get(path)
  }

  getOrAdd(folder: PackageFolder): WatchedPackage {
    const known = this.#byPath.get(folder.path) ?? new WatchedPackage(folder)
    this.#byPath.set(folder.path, known)
    return known
  }

  forget(path: string): void {
    this.#byPath.delete(path)
  }

  /** Whether something may soon be picked up. */
  get areDue(): boolean {
    return [...this.#byPath.values()].some((known) => this.isDue(known))
  }

  isDue(known: WatchedPackage): boolean {
    return known.isDue(this.#clock.now(), (id) => this.#otherThatHolds(id, known) !== undefined)
  }

  /** An error if it will not do now. Undefined if it changed while it was read: the next scan sees another copy. */
  async pickUp(known: WatchedPackage, fingerprint: string): Promise<PackageOffer | Error | undefined> {
    const { path } = known.folder
    try {
      const modelPackage = await loadNamedPackage(known.folder)
      if ((await packageFiles(path)).fingerprint !== fingerprint) return undefined
      const copy = { id: versionId(modelPackage.manifest), fingerprint }
      const other = this.#otherThatHolds(copy.id, known)
      if (other) {
        known.waitsFor(copy)
        return new ModelPackageError(`${path}: ${copy.id} is served from ${other.folder.path} already`)
      }
      const before = known.served?.id
      known.offer(copy)
      const replaces = before === copy.id ? undefined : before
      return { kind: 'serve', folder: path, modelPackage, fingerprint, replaces }
    } catch (error) {
      const failure = unreadable(path, error)
      this.#fail(known, fingerprint, failure)
      return failure
    }
  }

  settle(outcomes: readonly OfferOutcome[]): void {
    for (const { offer, error } of outcomes) {
      const known = this.#byPath.get(offer.folder)
      if (!error) known?.took()
      else if (error instanceof PackageChangedError) known?.dropped()
      else if (known) this.#fail(known, offer.fingerprint, error)
    }
  }

  #fail(known: WatchedPackage, fingerprint: string, error: Error): void {
    if (error instanceof ModelPackageError) known.refused(fingerprint)
    else known.failed(fingerprint, this.#clock.now())
  }

  #otherThatHolds(id: string, known: WatchedPackage): WatchedPackage | undefined {
    return [...this.#byPath.values()].find((other) => other !== known && other.holds(id))
  }
}
