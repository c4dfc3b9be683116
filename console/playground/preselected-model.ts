import type { PublicModel } from '../../shared/public-models.ts'

/** What is chosen until somebody chooses: the model that calls get which name none, or else the first, as `name` or `name@version`. */
export function preselected(models: readonly PublicModel[]): string | undefined {
  const model = models.find((known) => known.default) ?? models[0]
  if (!model) return undefined
  const { name, version, default_version: chosen } = model
  // Without a default version, only versions can be chosen; `version` is the highest then.
  return chosen === null ? `${name}@${version}` : name
}
