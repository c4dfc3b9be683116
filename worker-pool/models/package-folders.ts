import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isSelected, type ModelSelection } from './model-selection.ts'
import { isPassedOver } from './package-files.ts'

export interface PackageFolder {
  path: string
  /** What the manifest must say, by the names of the folders in a repository; undefined for a folder of its own. */
  named: { name: string; version: string } | undefined
}

export interface PackageFolders {
  folders: PackageFolder[]
  /** Folders that could not be listed: what lies below them may be there or not. */
  unlisted: { path: string; reason: string }[]
  /** Folders in which something new would appear. */
  parents: string[]
}

/** Where packages may lie now. Rejects never. */
export async function listPackageFolders(selection: ModelSelection): Promise<PackageFolders> {
  const found: PackageFolders = {
    folders: selection.folders.map((path) => ({ path, named: undefined })),
    unlisted: [],
    parents: [],
  }
  const { repository } = selection
  if (repository === undefined) return found
  const names = await foldersIn(repository, found)
  // What is not mounted looks like this, too; nobody empties a repository to have nothing served.
  if (names?.length === 0) found.unlisted.push({ path: repository, reason: 'holds no folders name/version' })
  for (const name of names ?? []) {
    if (!isSelected(selection, name)) continue
    const versions = await foldersIn(join(repository, name), found)
    for (const version of versions ?? []) {
      if (isSelected(selection, name, version))
        found.folders.push({ path: join(repository, name, version), named: { name, version } })
    }
  }
  return found
}

async function foldersIn(path: string, found: PackageFolders): Promise<string[] | undefined> {
  found.parents.push(path)
  try {
    const entries = await readdir(path, { withFileTypes: true })
    const seen = entries.filter(({ name }) => !isPassedOver(name))
    const areFolders = await Promise.all(seen.map((entry) => isFolder(path, entry)))
    return seen
      .filter((_, i) => areFolders[i])
      .map(({ name }) => name)
      .sort()
  } catch (error) {
    found.unlisted.push({ path, reason: reasonOf(error) })
    return undefined
  }
}

async function isFolder(parent: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory()
  const target = await stat(join(parent, entry.name)).catch(() => undefined)
  return target?.isDirectory() ?? false
}

export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such folder'
  return code === undefined ? message : `cannot be read (${code})`
}
