import { type FSWatcher, watch } from 'node:fs'

/**
 * Tells that something has happened in some folders, where the system says so. It says nothing on network file systems, and may
 * miss things: whoever relies on it looks for himself from time to time.
 */
export class FolderWatch {
  readonly #watchers = new Map<string, FSWatcher>()
  #changed = Promise.withResolvers<void>()

  /** From now on these are watched, those that there are. */
  watch(folders: Iterable<string>): void {
    const wanted = new Set(folders)
    for (const folder of this.#watchers.keys()) if (!wanted.has(folder)) this.#unwatch(folder)
    for (const folder of wanted) if (!this.#watchers.has(folder)) this.#tryToWatch(folder)
  }

  /** What has happened so far is about to be looked at. */
  startOver(): void {
    this.#changed = Promise.withResolvers()
  }

  /** Resolves when something has happened since `startOver`. */
  changed(): Promise<void> {
    return this.#changed.promise
  }

  close(): void {
    for (const folder of this.#watchers.keys()) this.#unwatch(folder)
  }

  #tryToWatch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#changed.resolve())
      watcher.on('error', () => this.#unwatch(folder))
      this.#watchers.set(folder, watcher)
    } catch {
      // Not there, or more than the system watches: the next look will find it.
    }
  }

  #unwatch(folder: string): void {
    this.#watchers.get(folder)?.close()
    this.#watchers.delete(folder)
  }
}
