import { ConfigurationError } from '../../../shared/read-configuration.ts'
import { devicePools, type GpuChoice, type Variables } from '../device-pools.ts'
import { listGpus } from '../gpus.ts'
import type { QueryGpus } from '../nvidia-smi.ts'
import { type Check, reasonOf } from './check.ts'

export interface PoolToCheck {
  /** Its GPU; undefined where there is one pool, whatever it runs on. */
  device: number | undefined
  healthPort: number | undefined
}

/** The pools that GPUS asks for, or the one that there is without; none, and a check that says why, where they cannot be had. */
export async function checkDevices(
  settings: { GPUS?: GpuChoice | undefined; HEALTH_PORT?: number | undefined; variables: Variables },
  query: QueryGpus,
): Promise<{ pools: PoolToCheck[]; checks: Check[] }> {
  const { GPUS: choice, HEALTH_PORT: port, variables } = settings
  if (choice === undefined) return { pools: [{ device: undefined, healthPort: port }], checks: [] }
  try {
    const pools = devicePools(choice, await listGpus(query), variables)
    return {
      pools: pools.map(({ device, env }) => ({ device, healthPort: Number(env.HEALTH_PORT ?? 0) })),
      checks: [],
    }
  } catch (error) {
    const fix =
      error instanceof ConfigurationError
        ? 'let GPUS name GPUs that are there, or unset it for one pool'
        : 'restart the machine, or reinstall the driver'
    return {
      pools: [],
      checks: [{ name: 'GPUS', state: 'missing', needed: true, found: reasonOf(error), fix }],
    }
  }
}
