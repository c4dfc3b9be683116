import { Gauge, type Registry } from 'prom-client'
import type { GpuReading } from '../machine/gpu-readings.ts'

/** GPU gauges in `registry`, read when they are scraped. What `readGpus` does not say has no series. */
export function watchGpus(
  registry: Registry,
  readGpus: () => Promise<readonly GpuReading[] | undefined>,
): void {
  const gauge = (name: string, help: string, figure: (gpu: GpuReading) => number | undefined) =>
    new Gauge({
      ...{ name, help, labelNames: ['gpu'], registers: [registry] },
      async collect() {
        const gpus = (await readGpus()) ?? []
        this.reset()
        for (const gpu of gpus) {
          const value = figure(gpu)
          if (value !== undefined) this.set({ gpu: gpu.index }, value)
        }
      },
    })
  gauge('edgebatch_gpu_memory_used_bytes', 'GPU memory in use', (gpu) => gpu.memoryUsedBytes)
  gauge('edgebatch_gpu_memory_total_bytes', 'GPU memory', (gpu) => gpu.memoryTotalBytes)
  gauge('edgebatch_gpu_utilization', 'GPU utilisation, 0 to 1', (gpu) => gpu.utilisation)
  gauge('edgebatch_gpu_temperature_celsius', 'GPU temperature', (gpu) => gpu.temperatureCelsius)
}
