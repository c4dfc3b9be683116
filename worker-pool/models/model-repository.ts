import { join } from 'node:path'
import type { Clock } from '../../shared/clock.ts'
import type { FolderWatch } from './folder-watch.ts'
import { ModelPackageError, unreadable } from './model-package.ts'
import { type ModelSelection, missingFrom } from './model-selection.ts'
import { highestFirst, type OfferOutcome, type PackageChange, type PackageOffer } from './package-change.ts'
import { type PackageFiles, packageFiles } from './package-files.ts'
import { listPackageFolders, type PackageFolder, type PackageFolders } from './package-folders.ts'
import { WatchedPackages } from './watched-packages.ts'

export interface Scan {
  /** In the order in which they are to be applied. */
  changes: PackageChange[]
  /** What cannot be served or read, each with the folder or file and the reason. Each is told once; ModelPackageError if for good. */
  refusals: Error[]
}

export interface ModelRepositoryDeps {
  selection: ModelSelection
  clock: Clock
  scanEveryMs: number
  watch: Pick<FolderWatch, 'watch' | 'startOver' | 'changed' | 'close'>
}

/** What happens in a burst is looked at once. */
const LEAST_PAUSE_MS = 1_000

/**
 * Model packages on disk, and what is to become of them. A folder is picked up when it has stayed the same from one scan to the next, so that
 * nothing is taken while it is being copied; it is given up when it has been gone as long. What cannot be listed counts as
 * still there. A package that will not do is told of once a copy, and leaves all else as it is, an older copy of itself included; one that
 * fails for a reason that may pass is offered again, after growing pauses.
 */
export class ModelRepository {
  readonly #deps: ModelRepositoryDeps
  readonly #known: WatchedPackages
  /** By path: why it could not be listed the last time, in words. */
  #unlisted = new Map<string, string>()

  constructor(deps: ModelRepositoryDeps) {
    this.#deps = deps
    this.#known = new WatchedPackages(deps.clock)
  }

  /**
   * What there is at the start. Folders that have not changed for as long as two scans are apart are picked up at once, and so are
   * those that the settings name; others are waited for, for one scan, or until there is something to serve or to refuse.
   */
  async first(signal?: AbortSignal): Promise<Scan> {
    const scan = await this.#untilThereIs(await this.#scan(true), signal)
    const there = this.#known.folders.flatMap(({ named }) => named ?? [])
    const missing = missingFrom(there, this.#deps.selection).map((reason) => new ModelPackageError(reason))
    return { ...scan, refusals: [...scan.refusals, ...missing] }
  }

  /** The next thing to serve or to refuse; nothing if there is none to be waited for. */
  more(signal?: AbortSignal): Promise<Scan> {
    return this.#untilThereIs({ changes: [], refusals: [] }, signal)
  }

  /** What became of offers. Until it is told, nothing else of these folders is offered. */
  settle(outcomes: readonly OfferOutcome[]): void {
    this.#known.settle(outcomes)
  }

  /** Scans until `signal` aborts; one scan is handled at a time. */
  async watch(handle: (scan: Scan) => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#pause(signal)
        if (signal.aborted) return
        await handle(await this.scan())
      }
    } finally {
      this.#deps.watch.close()
    }
  }

  scan(): Promise<Scan> {
    return this.#scan(false)
  }

  /** Scans as long as there are copies that may soon be picked up, or until there is something to tell. */
  async #untilThereIs(all: Scan, signal: AbortSignal | undefined): Promise<Scan> {
    const { clock, scanEveryMs } = this.#deps
    while (this.#known.areDue && !signal?.aborted) {
      await clock.sleep(scanEveryMs, signal)
      const { changes, refusals } = await this.scan()
      all.changes.push(...changes)
      all.refusals.push(...refusals)
      if (all.changes.length + all.refusals.length > 0) break
    }
    return all
  }

  async #scan(isFirst: boolean): Promise<Scan> {
    const offers: PackageOffer[] = []
    const refusals: Error[] = []
    this.#deps.watch.startOver()
    const found = await listPackageFolders(this.#deps.selection)
    const there = new Set<string>()
    for (const folder of found.folders) {
      const files = await this.#filesOf(folder, found)
      if (files?.isPackage === false) continue
      there.add(folder.path)
      const picked = files && (await this.#look(folder, files, isFirst))
      if (picked instanceof Error) refusals.push(picked)
      else if (picked) offers.push(picked)
    }
    // After all others were looked at: what is missed is removed before another folder may offer the same.
    const removals = this.#known.folders.flatMap(({ path }): PackageChange[] => {
      const mayBeThere = there.has(path) || found.unlisted.some((folder) => isAtOrBelow(path, folder.path))
      return mayBeThere ? [] : this.#miss(path).map((id) => ({ kind: 'remove', id }))
    })
    refusals.push(...this.#newlyUnlisted(found))
    this.#deps.watch.watch([...found.parents, ...found.folders.map(({ path }) => path)])
    return { changes: [...highestFirst(offers), ...removals], refusals }
  }

  /** Undefined if it cannot be told what is there. A folder that the settings name is a package, whatever is in it. */
  async #filesOf({ path, named }: PackageFolder, found: PackageFolders): Promise<PackageFiles | undefined> {
    try {
      const files = await packageFiles(path)
      return named ? files : { ...files, isPackage: true }
    } catch (cause) {
      const error = unreadable(path, cause, 'folder')
      const isServed = this.#known.get(path)?.served !== undefined
      if (!named && !isServed)
        return { fingerprint: error.message, unfinished: '', changedAt: 0, isPackage: true }
      found.unlisted.push({ path, error })
      return undefined
    }
  }

  async #look(
    folder: PackageFolder,
    files: PackageFiles,
    isFirst: boolean,
  ): Promise<PackageOffer | Error | undefined> {
    const { clock, scanEveryMs } = this.#deps
    const known = this.#known.getOrAdd(folder)
    known.see(files, isFirst ? Math.min(files.changedAt, clock.now()) : clock.now())
    const isWhole = known.hasStayed(scanEveryMs, clock.now()) || (isFirst && !folder.named)
    return isWhole && this.#known.isDue(known) ? this.#known.pickUp(known, files.fingerprint) : undefined
  }

  /** What is to be removed now. */
  #miss(path: string): string[] {
    const { clock, scanEveryMs } = this.#deps
    const known = this.#known.get(path)
    if (!known) return []
    known.see(undefined, clock.now())
    if (!known.hasStayed(scanEveryMs, clock.now())) return []
    this.#known.forget(path)
    return known.served ? [known.served.id] : []
  }

  #newlyUnlisted({ unlisted }: PackageFolders): Error[] {
    const before = this.#unlisted
    this.#unlisted = new Map(unlisted.map(({ path, error }) => [path, error.message]))
    return unlisted.filter(({ path, error }) => before.get(path) !== error.message).map(({ error }) => error)
  }

  /** Until the next scan is due, or something has happened in a folder. */
  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, watch, scanEveryMs } = this.#deps
    const least = Math.min(LEAST_PAUSE_MS, scanEveryMs)
    await clock.sleep(least, signal)
    const woken = new AbortController()
    const rest = clock.sleep(scanEveryMs - least, AbortSignal.any([signal, woken.signal]))
    await Promise.race([rest, watch.changed()])
    woken.abort()
  }
}

function isAtOrBelow(path: string, parent: string): boolean {
  return path === parent || path.startsWith(join(parent, '/'))
}
