import { lstat, readdir, rename, rm, rmdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelReference } from '../../shared/model-reference.ts'
import { reasonOf, UserError } from '../user-error.ts'

/** Versions of one model in a repository. */
export interface RemovableModel {
  repository: string
  name: string
  /** What is to be removed, and what stays. */
  versions: string[]
  others: string[]
  /** Whether nothing of any model would be left. */
  isLast: boolean
}

/** Pools pass over names that begin so: a package that is being removed is not read as a damaged one. */
const HIDDEN = '.removed-'

/** Throws UserError if there is no such model or version, or what is there is no package. */
export async function findRemovable(
  repository: string,
  { name, version }: ModelReference,
): Promise<RemovableModel> {
  const there = await foldersIn(join(repository, name))
  if (there === undefined || there.length === 0)
    throw new UserError(`${repository}: has no model ${name}${await whatThereIs(repository)}`)
  if (version !== undefined && !there.includes(version))
    throw new UserError(`${repository}: ${name} has no version ${version}; it has ${there.join(', ')}`)
  const versions = version === undefined ? there : [version]
  if (versions.length < there.length && (await isLink(join(repository, name))))
    throw new UserError(
      `${join(repository, name)} is a link: remove the version where it leads to, or all of ${name}, which removes the link`,
    )
  for (const each of versions) await assertPackage(join(repository, name, each))
  const others = there.filter((each) => !versions.includes(each))
  const models = (await foldersIn(repository)) ?? []
  return { repository, name, versions, others, isLast: others.length === 0 && models.length === 1 }
}

/** Each at once, as far as pools see it. Throws UserError. */
export async function removeModel({ repository, name, versions }: RemovableModel): Promise<void> {
  const model = join(repository, name)
  // What a link leads to is somebody else's.
  if (await isLink(model)) return removed(model, () => unlink(model))
  for (const version of versions) {
    const folder = join(model, version)
    await removed(folder, async () => {
      if (await isLink(folder)) return unlink(folder)
      const hidden = join(repository, `${HIDDEN}${name}-${version}`)
      await rm(hidden, { recursive: true, force: true })
      await rename(folder, hidden)
      await rm(hidden, { recursive: true })
    })
  }
  await rmdir(model).catch(() => {})
}

async function removed(path: string, remove: () => Promise<void>): Promise<void> {
  await remove().catch((error: unknown) => {
    throw new UserError(`${path}: cannot be removed: ${reasonOf(error)}`)
  })
}

async function isLink(path: string): Promise<boolean> {
  return (await lstat(path)).isSymbolicLink()
}

/** By name, without hidden ones; undefined if there is no such folder. Links count: a package may be one. */
async function foldersIn(path: string): Promise<string[] | undefined> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined)
  return entries
    ?.filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || entry.isSymbolicLink()))
    .map((entry) => entry.name)
    .sort()
}

async function assertPackage(folder: string): Promise<void> {
  const hasManifest = await stat(join(folder, 'model.json')).then(
    () => true,
    () => false,
  )
  if (!hasManifest && !(await isLink(folder)))
    throw new UserError(
      `${folder}: has no model.json, so it is no package; remove it yourself if it is to go`,
    )
}

async function whatThereIs(repository: string): Promise<string> {
  const models = await foldersIn(repository)
  if (models === undefined) return ', as there is no such folder; give --repository'
  return models.length === 0 ? '; it is empty' : `; it has ${models.join(', ')}`
}
