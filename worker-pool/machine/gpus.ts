import { NoNvidiaSmiError, type QueryGpus } from './nvidia-smi.ts'

export interface Gpu {
  /** nvidia-smi's, by slot; CUDA's, too, where CUDA_DEVICE_ORDER is PCI_BUS_ID. */
  index: number
  uuid: string
  name: string
  /** Undefined where the driver does not say. */
  memoryTotalBytes: number | undefined
}

const MIB = 1024 * 1024

/** The machine's GPUs in order of their index; undefined without nvidia-smi. Throws what `query` throws otherwise. */
export async function listGpus(query: QueryGpus): Promise<Gpu[] | undefined> {
  let rows: string[][]
  try {
    rows = await query(['index', 'uuid', 'name', 'memory.total'])
  } catch (error) {
    if (error instanceof NoNvidiaSmiError) return undefined
    throw error
  }
  return rows
    .flatMap((row) => {
      const [index, uuid, name, memory] = row
      const number = numberOf(index)
      // "No devices were found" is a row, too.
      if (number === undefined || !uuid || !name) return []
      return [{ index: number, uuid, name, memoryTotalBytes: mebibytes(memory) }]
    })
    .sort((a, b) => a.index - b.index)
}

/** A number of nvidia-smi's; undefined for `[N/A]`, `[Not Supported]`, `[Unknown Error]` and the like. */
export function numberOf(text: string | undefined): number | undefined {
  return text && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}

/** The same in bytes, of MiB. */
export function mebibytes(text: string | undefined): number | undefined {
  const count = numberOf(text)
  return count === undefined ? undefined : count * MIB
}
