import type { PackageFiles } from './package-files.ts'
import type { PackageFolder } from './package-folders.ts'

/** Timers may be early by as much, in ms. */
const EARLY_MS = 50

const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 300_000

/** A copy of a package: `name@version`, and its files' fingerprint. */
export interface PackageCopy {
  id: string
  fingerprint: string
}

/** Why a copy that was looked at is not served: for good; as another folder has the same version; or for now, after so many failures. */
type Verdict =
  | { kind: 'refused' }
  | { kind: 'waits'; id: string }
  | { kind: 'failed'; times: number; retryAt: number }

/** What a repository remembers of one package folder. Times are the repository's clock's, in ms. */
export class WatchedPackage {
  readonly folder: PackageFolder
  /** What is served from here. */
  #served: PackageCopy | undefined
  /** What is being loaded. */
  #offered: PackageCopy | undefined
  #verdict: (Verdict & { fingerprint: string }) | undefined
  /** The copy that was last seen; undefined: there was none. */
  #seen: string | undefined
  /** What lay beside it and is passed over. */
  #unfinished: string | undefined
  /** Since when both have been as they are. */
  #since = 0

  constructor(folder: PackageFolder) {
    this.folder = folder
  }

  get served(): PackageCopy | undefined {
    return this.#served
  }

  /** A version that is served or loaded from here is taken from nowhere else. */
  holds(id: string): boolean {
    return this.#served?.id === id || this.#offered?.id === id
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

  /** A copy that has not been looked at yet, or that is to be tried again. `isHeld`: whether another folder holds a version. */
  isDue(now: number, isHeld: (id: string) => boolean): boolean {
    if (this.#seen === undefined || this.#offered || this.#seen === this.#served?.fingerprint) return false
    const verdict = this.#verdict
    if (verdict?.fingerprint !== this.#seen) return true
    if (verdict.kind === 'waits') return !isHeld(verdict.id)
    return verdict.kind === 'failed' && now >= verdict.retryAt
  }

  offer(copy: PackageCopy): void {
    this.#offered = copy
  }

  /** It serves. */
  took(): void {
    this.#served = this.#offered
    this.#offered = undefined
  }

  /** It changed while it was loaded: whatever there is now is another copy. */
  dropped(): void {
    this.#offered = undefined
  }

  /** Another copy may do; what was served before is served on. */
  refused(fingerprint: string): void {
    this.#offered = undefined
    this.#verdict = { kind: 'refused', fingerprint }
  }

  /** Until `id` is held nowhere else. */
  waitsFor({ id, fingerprint }: PackageCopy): void {
    this.#verdict = { kind: 'waits', id, fingerprint }
  }

  /** For a reason that may pass: it is due again after a pause, twice as long each time, up to five minutes. */
  failed(fingerprint: string, now: number): void {
    const before = this.#verdict
    const isSame = before?.kind === 'failed' && before.fingerprint === fingerprint
    const times = isSame ? before.times + 1 : 1
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (times - 1))
    this.#offered = undefined
    this.#verdict = { kind: 'failed', times, retryAt: now + pause, fingerprint }
  }
}
