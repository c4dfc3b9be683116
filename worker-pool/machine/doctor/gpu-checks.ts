import { listGpus } from '../gpus.ts'
import { NoNvidiaSmiError, type QueryGpus } from '../nvidia-smi.ts'
import type { Check } from './check.ts'

/** CUDA 13 runs on drivers from this branch on. */
const OLDEST_DRIVER = 580

/** The driver and the GPUs it has. */
export async function checkGpus(query: QueryGpus, needed: boolean): Promise<Check[]> {
  const name = 'NVIDIA driver'
  try {
    const [version = ''] = (await query(['driver_version']))[0] ?? []
    const major = Number.parseInt(version, 10)
    if (!(major > 0)) return [noGpu(needed, 'nvidia-smi finds no GPU')]
    const driver: Check =
      major >= OLDEST_DRIVER
        ? { name, state: 'ok', needed, found: version }
        : {
            ...{ name, state: 'missing', needed, found: `${version}, too old for CUDA 13` },
            fix: `install a driver of ${OLDEST_DRIVER} or newer on the machine (not in the container)`,
          }
    return [driver, await gpuCheck(query, needed)]
  } catch (error) {
    if (!(error instanceof NoNvidiaSmiError)) {
      const found = error instanceof Error ? error.message : String(error)
      return [{ name, state: 'missing', needed, found, fix: 'restart the machine, or reinstall the driver' }]
    }
    const fix = `install the NVIDIA driver (${OLDEST_DRIVER} or newer); in a container, start it with --gpus all`
    return [{ name, state: 'missing', needed, found: 'no nvidia-smi on the PATH', fix }]
  }
}

async function gpuCheck(query: QueryGpus, needed: boolean): Promise<Check> {
  const gpus = (await listGpus(query)) ?? []
  if (gpus.length === 0) return noGpu(needed, 'none')
  const found = gpus.map(({ index, name, memoryTotalBytes }) =>
    memoryTotalBytes === undefined
      ? `${index}: ${name}`
      : `${index}: ${name}, ${(memoryTotalBytes / 2 ** 30).toFixed(1)} GiB`,
  )
  return { name: 'GPUs', state: 'ok', needed, found: found.join('; ') }
}

function noGpu(needed: boolean, found: string): Check {
  const fix =
    'use a machine with an NVIDIA GPU, or EXECUTION_PROVIDERS=cpu; in a container, start it with --gpus all'
  return { name: 'GPUs', state: 'missing', needed, found, fix }
}
