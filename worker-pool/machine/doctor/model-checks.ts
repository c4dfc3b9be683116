import type { ModelPackage } from '../../models/model-package.ts'
import { type Check, reasonOf } from './check.ts'

/** What a run of a model ran on. */
export interface ModelRun {
  providers: readonly string[]
  /** Those that were asked for and cannot be had; the pool does without them. */
  unavailable: readonly { provider: string; reason: string }[]
}

export interface ModelSettings {
  EXECUTION_PROVIDERS: readonly string[]
  /** Folder of the models. */
  modelFolder: string
  /** Reads every model package there, and throws an Error that names file and reason. */
  loadModels: () => Promise<readonly ModelPackage[]>
  /**
   * Runs one image through a model as the pool of that GPU would (undefined: the one that the environment says). Throws an Error with
   * the reason.
   */
  tryModel: (modelPackage: ModelPackage, device: number | undefined) => Promise<ModelRun>
}

/** `devices`: the GPU of each pool; undefined where there is one pool. */
export async function checkModelsAndSharp(
  { modelFolder, loadModels, tryModel }: ModelSettings,
  devices: readonly (number | undefined)[],
): Promise<Check[]> {
  const name = 'models'
  try {
    const packages = await loadModels()
    const manifests = packages.map(({ manifest }) => manifest)
    const found = manifests.map((manifest) => `${manifest.name} ${manifest.version}`).join(', ')
    const needsSharp = manifests.some(({ decode }) => decode.formats.length > 0)
    const models: Check =
      manifests.length > 0
        ? { name, state: 'ok', needed: true, found }
        : {
            ...{ name, state: 'missing', needed: true, found: `none in ${modelFolder}` },
            fix: 'add a model package there',
          }
    const runs: Check[] = []
    for (const device of devices)
      for (const modelPackage of packages) runs.push(await checkRun(modelPackage, tryModel, device))
    return [models, ...runs, await checkSharp(needsSharp)]
  } catch (error) {
    const fix = 'correct the model package, or the folder in the environment'
    const models: Check = { name, state: 'missing', needed: true, found: reasonOf(error), fix }
    return [models, await checkSharp(false)]
  }
}

/** Whether a model runs with a pool's providers: the surest check, as it takes the whole way to the GPU. */
async function checkRun(
  modelPackage: ModelPackage,
  tryModel: ModelSettings['tryModel'],
  device: number | undefined,
): Promise<Check> {
  const { name: model, version } = modelPackage.manifest
  const name = `run of ${model} ${version}${device === undefined ? '' : ` on GPU ${device}`}`
  const check = { name, needed: true }
  try {
    const { providers, unavailable } = await tryModel(modelPackage, device)
    const found = `with ${providers.join(', ')}`
    if (unavailable.length === 0) return { ...check, state: 'ok', found }
    const without = unavailable.map(({ provider, reason }) => `, without ${provider}: ${reasonOf(reason)}`)
    return {
      ...{ ...check, state: 'warning', found: found + without.join('') },
      fix: 'see what else is missing; STRICT_PROVIDERS=false lets a pool run even so',
    }
  } catch (error) {
    const fix = 'see what else is missing, or EXECUTION_PROVIDERS=cpu'
    return { ...check, state: 'missing', found: reasonOf(error), fix }
  }
}

/** Needed only by models that have photos decoded in the pool. */
async function checkSharp(needed: boolean): Promise<Check> {
  const name = 'sharp'
  try {
    const { default: sharp } = await import('sharp')
    return { name, state: 'ok', needed, found: `${sharp.versions.sharp}, libvips ${sharp.versions.vips}` }
  } catch (error) {
    return { name, state: 'missing', needed, found: reasonOf(error), fix: 'npm ci' }
  }
}
