import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Check } from './check.ts'
import { neededLibraries } from './elf-needed.ts'
import type { FindLibrary } from './library-search.ts'

export type GpuProvider = 'cuda' | 'tensorrt'

interface ProviderFacts {
  file: string
  /** As the release that we pin links them: for machines that do not have the provider's file yet. */
  linked: readonly string[]
  /** Opened only when the first operator wants them, hence not in the file's list; without cuDNN there is no convolution. */
  openedLater: readonly string[]
}

const FACTS: Record<GpuProvider, ProviderFacts> = {
  cuda: {
    file: 'libonnxruntime_providers_cuda.so',
    linked: ['libcublasLt.so.13', 'libcublas.so.13', 'libcurand.so.10', 'libcudart.so.13', 'libcuda.so.1'],
    openedLater: ['libcudnn.so.9', 'libcufft.so.12'],
  },
  tensorrt: {
    file: 'libonnxruntime_providers_tensorrt.so',
    linked: [
      'libcublas.so.13',
      'libcudart.so.13',
      'libcudnn.so.9',
      'libnvinfer.so.10',
      'libnvonnxparser.so.10',
    ],
    openedLater: [],
  },
}

/** What ONNX Runtime loads any provider through; it comes with them. */
const BRIDGE = 'libonnxruntime_providers_shared.so'

const INSTALL_PROVIDERS =
  'node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12 (the name is old: it brings CUDA 13)'

/** ONNX Runtime's own library for a GPU provider, and all that it needs. `folder`: where ONNX Runtime's libraries are. */
export async function checkProvider(
  provider: GpuProvider,
  folder: string,
  find: FindLibrary,
  needed: boolean,
): Promise<Check[]> {
  const { file, linked, openedLater } = FACTS[provider]
  const path = join(folder, file)
  const absent: string[] = []
  for (const library of [BRIDGE, file]) if (!(await exists(join(folder, library)))) absent.push(library)
  const installed = !absent.includes(file)
  const name = `ONNX Runtime ${provider}`
  const own: Check =
    absent.length === 0
      ? { name, state: 'ok', needed, found: file }
      : { name, state: 'missing', needed, found: `no ${absent.join(', no ')}`, fix: INSTALL_PROVIDERS }
  const wanted = installed ? await neededLibraries(path) : linked
  return [own, await librariesCheck(provider, [...new Set([...wanted, ...openedLater])], find, needed)]
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function librariesCheck(
  provider: GpuProvider,
  wanted: readonly string[],
  find: FindLibrary,
  needed: boolean,
): Promise<Check> {
  const name = `libraries of ${provider}`
  const found = await Promise.all(wanted.map(async (library) => ({ library, at: await find(library) })))
  const absent = found.flatMap(({ library, at }) => (at ? [] : [library]))
  const unknown = found.flatMap(({ at }) => (at && !at.loadable ? [at.file] : []))
  if (absent.length + unknown.length === 0)
    return { name, state: 'ok', needed, found: `all ${wanted.length}` }
  return {
    ...{ name, state: 'missing', needed },
    found:
      absent.length > 0 ? `not found: ${absent.join(', ')}` : 'there, but the dynamic linker finds them not',
    fix:
      absent.length > 0 ? fixFor(absent) : `LD_LIBRARY_PATH=${[...new Set(unknown.map(dirname))].join(':')}`,
  }
}

function fixFor(absent: readonly string[]): string {
  const isOf = (pattern: RegExp) => absent.some((library) => pattern.test(library))
  const steps = [
    isOf(/^libcuda\.so/) ? 'the NVIDIA driver (libcuda)' : '',
    isOf(/^lib(cublas|cudart|curand|cufft)/) ? 'CUDA 13 (libcublas, libcudart, libcurand, libcufft)' : '',
    isOf(/^libcudnn/) ? 'cuDNN 9 for CUDA 13' : '',
    isOf(/^libnv(infer|onnxparser)/) ? 'TensorRT 10' : '',
  ].filter(Boolean)
  const what = steps.length > 0 ? steps.join(', ') : absent.join(', ')
  return `install ${what}; if it is there, name its folder in LD_LIBRARY_PATH, or use the image's cuda target`
}
