import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { metricValues } from '../../test/support/metrics-text.ts'
import type { GpuReading } from '../machine/gpu-readings.ts'
import { watchGpus } from './gpu-metrics.ts'

const GPU: GpuReading = {
  ...{ index: 1, memoryUsedBytes: 2e9, memoryTotalBytes: 8e9, utilisation: 0.5, temperatureCelsius: 60 },
}

/** Scrapes, each of which finds the next of `readings`. */
function gpuMetrics(...readings: (GpuReading[] | undefined)[]) {
  const registry = new Registry()
  let scrapes = -1
  watchGpus(registry, async () => readings[scrapes])
  return async () => {
    scrapes++
    return Object.fromEntries(metricValues(await registry.metrics()))
  }
}

test('each GPU by its number, without what it does not say', async () => {
  const mig = { ...GPU, index: 0, utilisation: undefined, temperatureCelsius: undefined }
  const scrape = gpuMetrics([mig, GPU])
  expect(await scrape()).toEqual({
    'edgebatch_gpu_memory_used_bytes{gpu="0"}': 2e9,
    'edgebatch_gpu_memory_used_bytes{gpu="1"}': 2e9,
    'edgebatch_gpu_memory_total_bytes{gpu="0"}': 8e9,
    'edgebatch_gpu_memory_total_bytes{gpu="1"}': 8e9,
    'edgebatch_gpu_utilization{gpu="1"}': 0.5,
    'edgebatch_gpu_temperature_celsius{gpu="1"}': 60,
  })
})

test('a GPU that falls away leaves no old figures, and no GPU no figures', async () => {
  const scrape = gpuMetrics([GPU, { ...GPU, index: 2 }], [GPU], undefined, [GPU])
  const counts: number[] = []
  for (let i = 0; i < 4; i++) counts.push(Object.keys(await scrape()).length)
  expect(counts).toEqual([8, 4, 0, 4])
})
