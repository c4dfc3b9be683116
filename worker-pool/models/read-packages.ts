import { join } from 'node:path'
import { versionId } from '../../shared/model-reference.ts'
import { loadModelPackage, type ModelPackage, ModelPackageError } from './model-package.ts'
import { type ModelSelection, missingFrom } from './model-selection.ts'
import { packageFiles } from './package-files.ts'
import { listPackageFolders, type PackageFolder } from './package-folders.ts'

/** Throws ModelPackageError if the package cannot be served, or is not what its folders are named after. */
export async function loadNamedPackage({ path, named }: PackageFolder): Promise<ModelPackage> {
  const modelPackage = await loadModelPackage(path)
  const id = versionId(modelPackage.manifest)
  if (!named || id === versionId(named)) return modelPackage
  throw new ModelPackageError(
    `${join(path, 'model.json')}: says ${id}, its folders say ${versionId(named)}; they must be equal`,
  )
}

/** All packages that are selected, as they are now. Throws ModelPackageError with everything that will not do or is not there. */
export async function readPackages(selection: ModelSelection): Promise<ModelPackage[]> {
  const { folders, unlisted } = await listPackageFolders(selection)
  const refusals = unlisted.map(({ error }) => error.message)
  const packages: ModelPackage[] = []
  for (const folder of folders) {
    try {
      if (!folder.named || (await packageFiles(folder.path)).isPackage)
        packages.push(await loadNamedPackage(folder))
    } catch (error) {
      refusals.push(error instanceof Error ? error.message : String(error))
    }
  }
  const named = folders.flatMap((folder) => folder.named ?? [])
  refusals.push(...missingFrom(named, selection))
  if (refusals.length > 0) throw new ModelPackageError(refusals.join('\n'))
  return packages
}
