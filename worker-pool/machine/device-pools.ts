import * as z from 'zod'
import { ConfigurationError } from '../../shared/read-configuration.ts'
import type { Gpu } from './gpus.ts'

/** GPUs of this machine, by nvidia-smi's index. */
export type GpuChoice = 'all' | readonly number[]

const MEANT = 'must be "all", or a list of GPU indices such as 0,1, each once'

/** The setting `GPUS`. */
export const gpuChoiceSchema = z
  .string()
  .regex(/^\s*(all|\d{1,4}(\s*,\s*\d{1,4})*)\s*$/, { error: MEANT })
  .transform((text): GpuChoice => (text.trim() === 'all' ? 'all' : text.split(',').map(Number)))
  .refine((choice) => choice === 'all' || new Set(choice).size === choice.length, { error: MEANT })

/** Whether any of these execution providers runs on GPUs. */
export function usesGpu(providers: readonly string[]): boolean {
  return providers.includes('cuda') || providers.includes('tensorrt')
}

/** Variables of a process; those that are undefined it does not have. */
export type Variables = Readonly<Record<string, string | undefined>>

/** One pool process, bound to one GPU. */
export interface DevicePool {
  device: number
  env: Variables
}

/**
 * The pools that `choice` asks for, with each one's environment. `gpus`: what this machine has; undefined where nobody
 * can tell, and then a list is taken as it is. Throws ConfigurationError where the choice cannot be had.
 */
export function devicePools(
  choice: GpuChoice,
  gpus: readonly Gpu[] | undefined,
  variables: Variables,
): DevicePool[] {
  if (variables.CUDA_VISIBLE_DEVICES !== undefined && variables.CUDA_VISIBLE_DEVICES !== '') {
    // CUDA would count among the visible ones only, nvidia-smi among all.
    throw new ConfigurationError('GPUS and CUDA_VISIBLE_DEVICES exclude each other: set one of them')
  }
  return chosenDevices(choice, gpus).map((device, position) => ({
    device,
    env: poolVariables(variables, device, position),
  }))
}

function chosenDevices(choice: GpuChoice, gpus: readonly Gpu[] | undefined): readonly number[] {
  const present = gpus?.map(({ index }) => index)
  if (choice === 'all') {
    if (present && present.length > 0) return present
    throw new ConfigurationError(
      'GPUS is all, but nvidia-smi finds no GPU here: install the NVIDIA driver, or leave GPUS out',
    )
  }
  const absent = present ? choice.filter((device) => !present.includes(device)) : []
  if (absent.length === 0) return choice
  const there = present?.length ? `it has ${present.join(', ')}` : 'it has none'
  throw new ConfigurationError(`GPUS: this machine has no GPU ${absent.join(', ')} (${there})`)
}

function poolVariables(variables: Variables, device: number, position: number): Variables {
  const { HEALTH_PORT: port } = variables
  return {
    ...variables,
    GPUS: undefined,
    // One of them is not to speak for all: who looks after them does.
    LIFECYCLE_HOOK_NAME: undefined,
    DEVICE_ID: String(device),
    // Otherwise CUDA counts the fastest GPU first, and nvidia-smi by slot.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    // Unless asked for: ONNX Runtime would send Microsoft what it runs.
    ORT_DISABLE_TELEMETRY: variables.ORT_DISABLE_TELEMETRY || '1',
    HEALTH_PORT: port && port !== '0' ? String(Number(port) + position) : port,
  }
}
