import { listSupportedBackends, InferenceSession as OrtSession } from 'onnxruntime-node'
import { ConfigurationError } from '../../shared/read-configuration.ts'
import { ModelPackageError } from '../models/model-package.ts'

export interface SessionOptions {
  /** ONNX Runtime's, best first: it gives each node of a graph to the first that can run it. */
  providers: readonly string[]
  /** Threads of one operator; undefined leaves the choice to ONNX Runtime. */
  intraOpThreads: number | undefined
  /** Which GPU, counted from 0; undefined leaves the choice to ONNX Runtime. */
  deviceId: number | undefined
  /** A provider that cannot be had is an error; otherwise the next one of the list is taken. */
  strict: boolean
}

/** A provider that was asked for and cannot be had here. */
export interface UnavailableProvider {
  provider: string
  reason: string
}

export interface OpenGraphs {
  sessions: OrtSession[]
  /** Those that the sessions were made with. */
  providers: string[]
  unavailable: UnavailableProvider[]
}

const CUDA_FIX =
  "an NVIDIA driver from 580 on, CUDA 13 and cuDNN 9, and ONNX Runtime's own CUDA libraries (node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12, which fetches those for CUDA 13)"
const FIXES: Record<string, string> = { cuda: CUDA_FIX, tensorrt: `${CUDA_FIX}, and TensorRT` }

/**
 * Opens graphs, all with the same providers. Throws ConfigurationError if none of these can be had, or if one cannot and `strict`
 * is set; ModelPackageError if a graph is at fault.
 *
 * ONNX Runtime itself says when a provider's library or what that depends on cannot be loaded, or when there is no such
 * device. It says nothing where its JavaScript part knows no provider of that name, nor where a provider leaves nodes of a graph to the
 * CPU because it has no kernel for them: the former is found out here, the latter is not.
 */
export async function openGraphs(paths: readonly string[], options: SessionOptions): Promise<OpenGraphs> {
  const built = listSupportedBackends().map(({ name }) => name)
  const unavailable = options.providers
    .filter((provider) => !built.includes(provider))
    .map((provider) => ({ provider, reason: `this build of ONNX Runtime has only ${built.join(', ')}` }))
  let providers = options.providers.filter((provider) => built.includes(provider))
  while (providers.length > 0 && !(options.strict && unavailable.length > 0)) {
    const attempt = await tryToOpen(paths, providers, options)
    if ('sessions' in attempt) return { sessions: attempt.sessions, providers, unavailable }
    const provider = providerToBlame(providers, attempt.reason)
    unavailable.push({ provider, reason: attempt.reason })
    providers = providers.filter((other) => other !== provider)
  }
  // The CPU runs any graph that is whole, so what it says tells a graph's fault from a provider's.
  const onCpu = await tryToOpen(paths, ['cpu'], options)
  if ('reason' in onCpu)
    throw new ModelPackageError(`${onCpu.path}: ONNX Runtime cannot load it: ${onCpu.reason}`)
  await closeAll(onCpu.sessions)
  throw new ConfigurationError(unavailable.map(complaint).join('\n'))
}

export async function closeAll(sessions: readonly OrtSession[]): Promise<void> {
  for (const session of sessions) await session.release()
}

type Attempt = { sessions: OrtSession[] } | { path: string; reason: string }

async function tryToOpen(
  paths: readonly string[],
  providers: readonly string[],
  { intraOpThreads, deviceId }: SessionOptions,
): Promise<Attempt> {
  const sessions: OrtSession[] = []
  for (const path of paths) {
    try {
      const session = await OrtSession.create(path, {
        executionProviders: providers.map((name) => (name === 'cpu' ? name : onDevice(name, deviceId))),
        ...(intraOpThreads === undefined ? {} : { intraOpNumThreads: intraOpThreads }),
      })
      sessions.push(session)
    } catch (error) {
      await closeAll(sessions)
      return { path, reason: (error instanceof Error ? error.message : String(error)).trim() }
    }
  }
  return { sessions }
}

function onDevice(name: string, deviceId: number | undefined): { name: string; deviceId?: number } {
  return deviceId === undefined ? { name } : { name, deviceId }
}

/** ONNX Runtime's messages name the provider, most of them; otherwise the first is given up, which is the most demanding. */
function providerToBlame(providers: readonly string[], reason: string): string {
  const named = providers.find((name) => name !== 'cpu' && reason.toLowerCase().includes(name))
  return named ?? providers[0] ?? 'cpu'
}

function complaint({ provider, reason }: UnavailableProvider): string {
  const need = FIXES[provider]
  const install = need === undefined ? '' : `${provider} needs ${need}; or `
  return `${provider} is not available in this build or on this machine: ${reason}; the fix: ${install}leave ${provider} out of EXECUTION_PROVIDERS`
}
