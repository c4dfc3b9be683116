import { access } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { systemClock } from '../../../shared/clock.ts'
import type { ModelPackage } from '../../models/model-package.ts'
import type { Variables } from '../device-pools.ts'
import { createQueryGpus } from '../nvidia-smi.ts'
import type { Check } from './check.ts'
import { checkGpus } from './gpu-checks.ts'
import { createFindLibrary } from './library-search.ts'
import { checkDisk, checkHealthPort, checkMemory, checkNode } from './machine-checks.ts'
import { checkProvider, type GpuProvider } from './provider-checks.ts'
import { checkRedis } from './redis-check.ts'

export interface DoctorSettings {
  REDIS_URL: string
  EXECUTION_PROVIDERS: readonly string[]
  /** Folder of the models. */
  modelFolder: string
  /** Reads every model package there, and throws an Error that names file and reason. */
  loadModels: () => Promise<readonly ModelPackage[]>
  /** Runs one image through a model with the pool's providers, as the pool would. Throws an Error with the reason. */
  tryModel: (modelPackage: ModelPackage) => Promise<void>
  /** Where the pool's health server would listen; undefined: nowhere. */
  HEALTH_HOST: string
  HEALTH_PORT?: number | undefined
  /** The environment: PATH and LD_LIBRARY_PATH are looked at, and passed on to nvidia-smi. */
  variables: Variables
}

/** Looks at all that a pool with these settings needs, changes nothing, and never rejects. Takes some seconds. */
export async function runDoctor(settings: DoctorSettings): Promise<Check[]> {
  const { EXECUTION_PROVIDERS: providers, variables } = settings
  const usesGpu = providers.includes('cuda') || providers.includes('tensorrt')
  const groups = await Promise.all([
    checkNode(process.versions.node),
    checkOnnxRuntime(settings),
    checkGpus(createQueryGpus(variables), usesGpu),
    checkModelsAndSharp(settings),
    checkRedis(settings.REDIS_URL, systemClock),
    checkDisk(settings.modelFolder),
    checkMemory(process.availableMemory()),
    checkHealthPort(settings.HEALTH_HOST, settings.HEALTH_PORT),
  ])
  return groups.flat()
}

/** ONNX Runtime itself, and its providers: cuda always, so that people see what a GPU would take; tensorrt if asked for. */
async function checkOnnxRuntime({ EXECUTION_PROVIDERS, variables }: DoctorSettings): Promise<Check[]> {
  const name = 'ONNX Runtime'
  const fix = 'npm ci'
  try {
    const { env, listSupportedBackends } = await import('onnxruntime-node')
    const backends = listSupportedBackends().map((backend) => backend.name)
    const own: Check = {
      ...{ name, state: 'ok', needed: true },
      found: `${env.versions.node ?? env.versions.common}, built for ${backends.join(', ')}`,
    }
    const folder = await libraryFolder()
    if (folder === undefined) return [own]
    const find = await createFindLibrary(variables, [folder])
    const wanted: GpuProvider[] = EXECUTION_PROVIDERS.includes('tensorrt') ? ['cuda', 'tensorrt'] : ['cuda']
    const checks = wanted.map((provider) =>
      checkProvider(provider, folder, find, EXECUTION_PROVIDERS.includes(provider)),
    )
    return [own, ...(await Promise.all(checks)).flat()]
  } catch (error) {
    return [{ name, state: 'missing', needed: true, found: reasonOf(error), fix }]
  }
}

/** Where ONNX Runtime's libraries for this system are; undefined on systems without GPU libraries. */
async function libraryFolder(): Promise<string | undefined> {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node')
  const folder = join(dirname(entry), '../bin/napi-v6', process.platform, process.arch)
  return access(join(folder, 'libonnxruntime.so.1')).then(
    () => folder,
    () => undefined,
  )
}

async function checkModelsAndSharp({
  modelFolder,
  loadModels,
  tryModel,
  EXECUTION_PROVIDERS,
}: DoctorSettings): Promise<Check[]> {
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
    const runs = await checkRuns(packages, tryModel, EXECUTION_PROVIDERS)
    return [models, ...runs, await checkSharp(needsSharp)]
  } catch (error) {
    const fix = 'correct the model package, or the folder in the environment'
    const models: Check = { name, state: 'missing', needed: true, found: reasonOf(error), fix }
    return [models, await checkSharp(false)]
  }
}

/** Whether each model runs with the pool's providers: the surest check, as it takes the whole way to the GPU. */
async function checkRuns(
  packages: readonly ModelPackage[],
  tryModel: DoctorSettings['tryModel'],
  providers: readonly string[],
): Promise<Check[]> {
  const checks: Check[] = []
  for (const modelPackage of packages) {
    const { name: model, version } = modelPackage.manifest
    const [name, needed] = [`run of ${model} ${version}`, true]
    try {
      await tryModel(modelPackage)
      checks.push({ name, state: 'ok', needed, found: `with ${providers.join(', ')}` })
    } catch (error) {
      const fix = 'see what else is missing, or EXECUTION_PROVIDERS=cpu'
      checks.push({ name, state: 'missing', needed, found: reasonOf(error), fix })
    }
  }
  return checks
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

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n').slice(0, 3).join(' ')
}
