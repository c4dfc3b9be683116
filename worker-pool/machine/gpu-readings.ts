import type { Clock } from '../../shared/clock.ts'
import { mebibytes, numberOf } from './gpus.ts'
import { NoNvidiaSmiError, type QueryGpus } from './nvidia-smi.ts'

/** What a GPU does now. Undefined: the GPU or its driver does not say (MIG, older cards). */
export interface GpuReading {
  index: number
  memoryUsedBytes: number | undefined
  memoryTotalBytes: number | undefined
  /** Share of the last moments in which something ran, 0 to 1. */
  utilisation: number | undefined
  temperatureCelsius: number | undefined
}

/** Starting nvidia-smi takes tens of milliseconds of CPU; metrics may be asked for by several scrapers. */
const AT_MOST_EVERY_MS = 15_000

/**
 * Reads all GPUs. Whoever asks sooner than 15 s after the last reading gets that one; whoever asks meanwhile waits for the
 * same. Undefined: there is nothing to read. A machine without nvidia-smi is not asked again; a reading that failed is.
 */
export function createGpuReadings(
  query: QueryGpus,
  clock: Pick<Clock, 'now'>,
): () => Promise<GpuReading[] | undefined> {
  let absent = false
  let last: { at: number; readings: Promise<GpuReading[] | undefined> } | undefined
  const read = async () => {
    try {
      const rows = await query(['index', 'memory.used', 'memory.total', 'utilization.gpu', 'temperature.gpu'])
      return rows.flatMap(asReading)
    } catch (error) {
      absent = error instanceof NoNvidiaSmiError
      return undefined
    }
  }
  return () => {
    if (absent) return Promise.resolve(undefined)
    if (!last || clock.now() - last.at >= AT_MOST_EVERY_MS) last = { at: clock.now(), readings: read() }
    return last.readings
  }
}

function asReading([index, used, total, utilisation, temperature]: string[]): GpuReading[] {
  const number = numberOf(index)
  if (number === undefined) return []
  const percent = numberOf(utilisation)
  return [
    {
      index: number,
      memoryUsedBytes: mebibytes(used),
      memoryTotalBytes: mebibytes(total),
      utilisation: percent === undefined ? undefined : percent / 100,
      temperatureCelsius: numberOf(temperature),
    },
  ]
}
