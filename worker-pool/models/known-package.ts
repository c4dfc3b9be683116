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
  /** The copy that was last seen, and since when it has been there; undefined: since when there has been none. */
  #seen: string | undefined
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
  see(fingerprint: string | undefined, since: number): void {
    if (this.#seen === fingerprint) return
    this.#seen = fingerprint
    this.#since = since
  }

  /** Whether nothing has changed for so long. */
  hasStayed(ms: number, now: number): boolean {
    return now - this.#since >= ms - EARLY_MS
  }
}
