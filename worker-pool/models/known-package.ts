import type { PackageFiles } from './package-files.ts'
import type { PackageFolder } from './package-folders.ts'

/** Timers may be early by as much, in ms. */
const EARLY_MS = 50

/** What a repository remembers of one package folder. Times are the repository's clock's, in ms. */
export class KnownPackage {
  readonly folder: PackageFolder
  /** The copy that was last picked up, for better or worse. */
  tried: string | undefined
  /** `name@version` of the copy that was picked up last and is good. */
  offers: string | undefined
  /** The copy that was last seen; undefined: there was none. */
  #seen: string | undefined
  /** What lay beside it and is passed over. */
  #unfinished: string | undefined
  /** Since when both have been as they are. */
  #since = 0

  constructor(folder: PackageFolder) {
    this.folder = folder
  }

  get seen(): string | undefined {
    return this.#seen
  }

  /** A copy that has not been picked up yet. */
  get isNew(): boolean {
    return this.#seen !== undefined && this.#seen !== this.tried
  }

  /** `undefined`: there is none. */
  see(files: Pick<PackageFiles, 'fingerprint' | 'unfinished'> | undefined, since: number): void {
    if (this.#seen === files?.fingerprint && this.#unfinished === files?.unfinished) return
    this.#seen = files?.fingerprint
    this.#unfinished = files?.unfinished
    this.#since = since
  }

  /** Whether nothing has changed for so long, not even what is still being copied. */
  hasStayed(ms: number, now: number): boolean {
    return now - this.#since >= ms - EARLY_MS
  }
}
