import type { ModelReference } from '../../shared/model-reference.ts'

/** What a pool is told to serve. */
export interface ModelSelection {
  /** Folder of `name/version` folders; undefined: none. */
  repository: string | undefined
  /** What of the repository is served; undefined: all versions of all models. */
  only: readonly ModelReference[] | undefined
  /** Folders of single packages, whatever their names. */
  folders: readonly string[]
}

/** One entry of MODELS: a reference, or the folder of a package. */
export type SelectedModel = ModelReference | { folder: string }

interface SelectionSettings {
  MODEL_REPOSITORY: string
  MODELS?: readonly SelectedModel[] | undefined
  MODEL_DIR?: string | undefined
}

export function modelSelection({ MODEL_REPOSITORY, MODELS, MODEL_DIR }: SelectionSettings): ModelSelection {
  if (MODEL_DIR !== undefined) return { repository: undefined, only: undefined, folders: [MODEL_DIR] }
  if (!MODELS) return { repository: MODEL_REPOSITORY, only: undefined, folders: [] }
  const folders = MODELS.flatMap((model) => ('folder' in model ? [model.folder] : []))
  const only = MODELS.flatMap((model) => ('folder' in model ? [] : [model]))
  return { repository: only.length > 0 ? MODEL_REPOSITORY : undefined, only, folders }
}

export function isSelected({ only }: ModelSelection, name: string, version?: string): boolean {
  if (!only) return true
  return only.some(
    (model) => model.name === name && (version === undefined || (model.version ?? version) === version),
  )
}

/** What is selected and `served` does not have, in words. */
export function missingFrom(
  served: readonly { name: string; version: string }[],
  { only, repository }: ModelSelection,
): string[] {
  const isThere = ({ name, version }: ModelReference) =>
    served.some((has) => has.name === name && (version === undefined || has.version === version))
  return (only ?? [])
    .filter((model) => !isThere(model))
    .map(
      ({ name, version }) =>
        `${repository}: holds no ${version === undefined ? name : `${name}@${version}`} (MODELS)`,
    )
}
