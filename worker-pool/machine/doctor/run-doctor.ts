import { access } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { systemClock } from '../../../shared/clock.ts'
import { type GpuChoice, usesGpu, type Variables } from '../device-pools.ts'
import { createQueryGpus } from '../nvidia-smi.ts'
import { asWarning, type Check, reasonOf } from './check.ts'
import { checkDevices } from './device-checks.ts'
import { checkGpus } from './gpu-checks.ts'
import { createFindLibrary } from './library-search.ts'
import { checkDisk, checkHealthPort, checkMemory, checkNode } from './machine-checks.ts'
import { checkModelsAndSharp, type ModelSettings } from './model-checks.ts'
import { checkProvider, type GpuProvider } from './provider-checks.ts'
import { checkRedis } from './redis-check.ts'

export interface DoctorSettings extends ModelSettings {
  REDIS_URL: string
  /** Where the pool's health server would listen; undefined: nowhere. */
  HEALTH_HOST: string
  HEALTH_PORT?: number | undefined
  /** GPUs that get a pool each; undefined: there is one pool, whatever it runs on. */
  GPUS?: GpuChoice | undefined
  /** Whether a pool does not start if a provider cannot be had. */
  STRICT_PROVIDERS: boolean
  /** The environment: PATH and LD_LIBRARY_PATH are looked at, and passed on to nvidia-smi. */
  variables: Variables
}

/** Looks at all that pools with these settings need, changes nothing, and never rejects. Takes some seconds. */
export async function runDoctor(settings: DoctorSettings): Promise<Check[]> {
  const { EXECUTION_PROVIDERS: providers, STRICT_PROVIDERS: strict, HEALTH_HOST: host, variables } = settings
  const queryGpus = createQueryGpus(variables)
  const { pools, checks } = await checkDevices(settings, queryGpus)
  const unlessForgiven = (found: Check[]) => (strict ? found : found.map(asWarning))
  const groups = await Promise.all([
    checkNode(process.versions.node),
    checkOnnxRuntime(settings).then(([own, ...ofProviders]) => [own, ...unlessForgiven(ofProviders)]),
    checkGpus(queryGpus, usesGpu(providers)).then(unlessForgiven),
    checks,
    checkModelsAndSharp(
      settings,
      pools.map(({ device }) => device),
    ),
    checkRedis(settings.REDIS_URL, systemClock),
    checkDisk(settings.modelFolder),
    checkMemory(process.availableMemory()),
    ...pools.map(({ healthPort }) => checkHealthPort(host, healthPort)),
  ])
  return groups.flat()
}

/** ONNX Runtime itself, and its providers: cuda always, so that people see what a GPU would take; tensorrt if asked for. */
async function checkOnnxRuntime({
  EXECUTION_PROVIDERS,
  variables,
}: DoctorSettings): Promise<[Check, ...Check[]]> {
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
