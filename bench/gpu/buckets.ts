import type { BenchSetup } from '../bench-setup.ts'
import type { Row } from '../report.ts'
import { runBareLoop } from '../run-bare-loop.ts'
import { median } from '../statistics.ts'

const WARM_UP_RUNS = 3
const MIB = 2 ** 20

export interface BucketBench {
  setup: BenchSetup
  /** What is held against the CPU: `cuda`. */
  provider: string
  /** Sizes of batch. */
  buckets: readonly number[]
  /** Runs of each bucket on each side. */
  runs: number
  /** Bytes of the first GPU's memory in use by all; undefined where its driver does not say. */
  memoryUsed: () => Promise<number | undefined>
}

/** The model at each size of batch: a bare loop on the GPU and one on the CPU, in turn. */
export async function measureBuckets(bench: BucketBench): Promise<Row[]> {
  const rows: Row[] = []
  for (const bucket of bench.buckets) rows.push(...(await measureBucket(bench, bucket)))
  return rows
}

async function measureBucket(
  { setup, provider, runs, memoryUsed }: BucketBench,
  bucket: number,
): Promise<Row[]> {
  const task = { batchSize: bucket, warmUpRuns: WARM_UP_RUNS, runs }
  const cpuMs = median(await runBareLoop(setup, task))
  const before = await memoryUsed()
  let after: number | undefined
  const beforeEnd = async () => {
    after = await memoryUsed()
  }
  const gpuMs = median(await runBareLoop(setup, { ...task, providers: [provider], beforeEnd }))
  setup.onProgress(`batches of ${bucket}: ${provider} ${gpuMs.toFixed(2)} ms, CPU ${cpuMs.toFixed(2)} ms`)
  return [
    row(bucket, `one batch on ${provider}`, gpuMs, 'ms', cpuMs),
    row(bucket, `throughput on ${provider}`, (bucket * 1_000) / gpuMs, 'images/s', (bucket * 1_000) / cpuMs),
    ...(before === undefined || after === undefined
      ? []
      : [row(bucket, 'GPU memory, process in all', (after - before) / MIB, 'MiB', null)]),
  ]
}

function row(bucket: number, metric: string, value: number, unit: string, reference: number | null): Row {
  const ratio = reference === null ? null : value / reference
  return { case: `batches of ${bucket}`, metric, value, unit, reference, ratio }
}
