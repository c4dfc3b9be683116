import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ModelPackageError, unreadable } from './model-package.ts'
import { isSelected, type ModelSelection } from './model-selection.ts'
import { isPassedOver } from './package-files.ts'

export interface PackageFolder {
  path: string
  /** What the manifest must say, by the names of the folders in a repository; undefined for a folder of its own. */
  named: { name: string; version: string } | undefined
}

export interface PackageFolders {
  folders: PackageFolder[]
  /** Folders that could not be listed: they and what lies below them may be there or not. */
  unlisted: { path: string; error: Error }[]
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
  const models = await foldersIn(repository, found)
  // What is not mounted looks like this, too; nobody empties a repository to have nothing served.
  if (models?.length === 0) {
    const error = new ModelPackageError(`${repository}: holds no folders name/version`)
    found.unlisted.push({ path: repository, error })
  }
  for (const model of reachable(models, found, ({ name }) => isSelected(selection, name))) {
    const versions = await foldersIn(model.path, found)
    for (const { path, name } of reachable(versions, found, (version) =>
      isSelected(selection, model.name, version.name),
    ))
      found.folders.push({ path, named: { name: model.name, version: name } })
  }
  return found
}

interface FoundFolder {
  path: string
  name: string
  /** A link whose target cannot be reached, as when what holds it is not mounted: nobody can tell whether that is a folder. */
  error?: Error
}

/** By name; undefined if `path` cannot be listed. */
async function foldersIn(path: string, found: PackageFolders): Promise<FoundFolder[] | undefined> {
  found.parents.push(path)
  try {
    const entries = await readdir(path, { withFileTypes: true })
    const seen = entries.filter(({ name }) => !isPassedOver(name))
    const folders = await Promise.all(seen.map((entry) => asFolder(path, entry)))
    return folders.filter((folder) => folder !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    found.unlisted.push({ path, error: unreadable(path, error, 'folder') })
    return undefined
  }
}

async function asFolder(parent: string, entry: Dirent): Promise<FoundFolder | undefined> {
  const folder = { path: join(parent, entry.name), name: entry.name }
  if (!entry.isSymbolicLink()) return entry.isDirectory() ? folder : undefined
  try {
    return (await stat(folder.path)).isDirectory() ? folder : undefined
  } catch (error) {
    return { ...folder, error: unreadable(folder.path, error, 'folder') }
  }
}

/** Those that are wanted and there; links that lead nowhere are noted. */
function reachable(
  folders: FoundFolder[] | undefined,
  found: PackageFolders,
  isWanted: (folder: FoundFolder) => boolean,
): FoundFolder[] {
  return (folders ?? []).filter((folder) => {
    if (!isWanted(folder)) return false
    if (folder.error) found.unlisted.push({ path: folder.path, error: folder.error })
    return !folder.error
  })
}
