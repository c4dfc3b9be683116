import { join } from 'node:path'
import type { Clock } from '../../shared/clock.ts'
import { versionId } from '../../shared/model-reference.ts'
import type { FolderWatch } from './folder-watch.ts'
import { KnownPackage } from './known-package.ts'
import { type ModelPackage, ModelPackageError } from './model-package.ts'
import { type ModelSelection, missingFrom } from './model-selection.ts'
import { type PackageFiles, packageFiles } from './package-files.ts'
import { listPackageFolders, type PackageFolder, type PackageFolders, reasonOf } from './package-folders.ts'
import { loadNamedPackage } from './read-packages.ts'

/** `serve`: a package that is new, or another copy of one. `remove`: `name@version` of one that is gone. */
export type PackageChange = { kind: 'serve'; modelPackage: ModelPackage } | { kind: 'remove'; id: string }

export interface Scan {
  /** In the order in which they are to be applied. */
  changes: PackageChange[]
  /** What cannot be served or read, each with the folder or file and the reason. Each is told once. */
  refusals: string[]
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
 * Model packages on disk, and what becomes of them. A folder is picked up when it has stayed the same from one scan to the next, so that
 * nothing is taken while it is being copied; it is given up when it has been gone as long. What cannot be listed counts as
 * still there. A package that will not do is told of once a copy, and leaves all else as it is, an older copy of itself included.
 */
export class ModelRepository {
  readonly #deps: ModelRepositoryDeps
  readonly #known = new Map<string, KnownPackage>()
  /** By path: why it could not be listed the last time. */
  #unlisted = new Map<string, string>()

  constructor(deps: ModelRepositoryDeps) {
    this.#deps = deps
  }

  /**
   * What there is at the start. Folders that have not changed for as long as two scans are apart are picked up at once, and so are
   * those that the settings name; others are waited for, for one scan, or until there is something to serve or to refuse.
   */
  async first(signal?: AbortSignal): Promise<Scan> {
    const all = await this.#scan(true)
    while ([...this.#known.values()].some(({ isNew }) => isNew) && !signal?.aborted) {
      await this.#deps.clock.sleep(this.#deps.scanEveryMs, signal)
      const { changes, refusals } = await this.scan()
      all.changes.push(...changes)
      all.refusals.push(...refusals)
      if (all.changes.length + all.refusals.length > 0) break
    }
    const there = [...this.#known.values()].flatMap(({ folder }) => folder.named ?? [])
    return { ...all, refusals: [...all.refusals, ...missingFrom(there, this.#deps.selection)] }
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

  async #scan(isFirst: boolean): Promise<Scan> {
    const scan: Scan = { changes: [], refusals: [] }
    this.#deps.watch.startOver()
    const found = await listPackageFolders(this.#deps.selection)
    for (const folder of found.folders) {
      const files = await this.#filesOf(folder, found)
      if (files?.isPackage) await this.#see(folder, files, isFirst, scan)
      else if (files) this.#miss(folder.path, scan)
    }
    const there = new Set(found.folders.map(({ path }) => path))
    for (const path of this.#known.keys()) {
      const mayBeThere = found.unlisted.some((parent) => isWithin(path, parent.path))
      if (!there.has(path) && !mayBeThere) this.#miss(path, scan)
    }
    scan.refusals.push(...this.#newlyUnlisted(found))
    this.#deps.watch.watch([...found.parents, ...there])
    return scan
  }

  /** Undefined if it cannot be told what is there. A folder that the settings name is a package, whatever is in it. */
  async #filesOf({ path, named }: PackageFolder, found: PackageFolders): Promise<PackageFiles | undefined> {
    try {
      const files = await packageFiles(path)
      return named ? files : { ...files, isPackage: true }
    } catch (error) {
      const isServed = this.#known.get(path)?.offers !== undefined
      if (!named && !isServed)
        return { fingerprint: reasonOf(error), unfinished: '', changedAt: 0, isPackage: true }
      found.unlisted.push({ path, reason: reasonOf(error) })
      return undefined
    }
  }

  async #see(folder: PackageFolder, files: PackageFiles, isFirst: boolean, scan: Scan): Promise<void> {
    const { clock, scanEveryMs } = this.#deps
    const known = this.#known.get(folder.path) ?? new KnownPackage(folder)
    this.#known.set(folder.path, known)
    known.see(files, isFirst ? Math.min(files.changedAt, clock.now()) : clock.now())
    const isWhole = known.hasStayed(scanEveryMs, clock.now()) || (isFirst && !folder.named)
    if (known.isNew && isWhole) await this.#pickUp(known, files.fingerprint, scan)
  }

  async #pickUp(known: KnownPackage, fingerprint: string, scan: Scan): Promise<void> {
    const { path } = known.folder
    try {
      const modelPackage = await loadNamedPackage(known.folder)
      const id = versionId(modelPackage.manifest)
      this.#assertItsOwn(known, id)
      // If it changed while it was read, the next scan sees another copy.
      if ((await packageFiles(path)).fingerprint !== fingerprint) return
      scan.changes.push({ kind: 'serve', modelPackage })
      if (known.offers !== undefined && known.offers !== id)
        scan.changes.push({ kind: 'remove', id: known.offers })
      known.offers = id
    } catch (error) {
      scan.refusals.push(error instanceof ModelPackageError ? error.message : `${path}: ${reasonOf(error)}`)
    }
    known.tried = fingerprint
  }

  #assertItsOwn({ folder: { path } }: KnownPackage, id: string): void {
    const others = [...this.#known.values()].filter(({ folder }) => folder.path !== path)
    const other = others.find(({ offers }) => offers === id)
    if (other) throw new ModelPackageError(`${path}: ${id} is served from ${other.folder.path} already`)
  }

  #miss(path: string, scan: Scan): void {
    const { clock, scanEveryMs } = this.#deps
    const known = this.#known.get(path)
    if (!known) return
    known.see(undefined, clock.now())
    if (!known.hasStayed(scanEveryMs, clock.now())) return
    this.#known.delete(path)
    if (known.offers !== undefined) scan.changes.push({ kind: 'remove', id: known.offers })
  }

  #newlyUnlisted({ unlisted }: PackageFolders): string[] {
    const before = this.#unlisted
    this.#unlisted = new Map(unlisted.map(({ path, reason }) => [path, reason]))
    return unlisted
      .filter(({ path, reason }) => before.get(path) !== reason)
      .map(({ path, reason }) => `${path}: ${reason}`)
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

function isWithin(path: string, parent: string): boolean {
  return path.startsWith(join(parent, '/'))
}
