import { bucketFor } from '../batching/buckets.ts'
import type { NamedOutputs } from './output-tensor.ts'

/** Consecutive images of a batch, from `first`, and what the session made of them. */
export interface BatchPart<Outputs = NamedOutputs> {
  first: number
  count: number
  /** Undefined: the session failed on this one image, for `reason`. */
  outputs: Outputs | undefined
  reason?: string
}

export interface BatchRun<Outputs = NamedOutputs> {
  parts: BatchPart<Outputs>[]
  /** The smallest size that did not fit into memory, if one did not. */
  outOfMemoryAt: number | undefined
}

export interface RunBatchOptions<Outputs> {
  /** Runs `rows` images, one after another. */
  run: (images: Uint8Array, rows: number) => Promise<Outputs>
  imageBytes: number
  /** Sizes that a run is padded to; undefined: none. */
  buckets: readonly number[] | undefined
}

/**
 * Runs the first `n` images of `memory`. Where the session fails, on one image it cannot take or for lack of memory, the images are
 * run again in halves, down to single ones: only those that fail alone have failed. Never rejects.
 */
export async function runBatch<Outputs>(
  memory: Uint8Array,
  n: number,
  options: RunBatchOptions<Outputs>,
): Promise<BatchRun<Outputs>> {
  const result: BatchRun<Outputs> = { parts: [], outOfMemoryAt: undefined }
  const runPart = async (first: number, count: number): Promise<void> => {
    try {
      const outputs = await options.run(...padded(memory, first, count, options))
      result.parts.push({ first, count, outputs })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (isOutOfMemory(reason)) result.outOfMemoryAt = Math.min(count, result.outOfMemoryAt ?? count)
      if (count === 1) {
        result.parts.push({ first, count, outputs: undefined, reason })
        return
      }
      const half = Math.ceil(count / 2)
      await runPart(first, half)
      await runPart(first + half, count - half)
    }
  }
  await runPart(0, n)
  return result
}

/** What fills the batch up to its bucket are images of earlier batches: their outputs are dropped. */
function padded(
  memory: Uint8Array,
  first: number,
  count: number,
  { imageBytes, buckets }: Pick<RunBatchOptions<unknown>, 'imageBytes' | 'buckets'>,
): [images: Uint8Array, rows: number] {
  const rows = buckets ? bucketFor(count, buckets) : count
  const [begin, end] = [first * imageBytes, (first + rows) * imageBytes]
  if (end <= memory.length) return [memory.subarray(begin, end), rows]
  const images = new Uint8Array(rows * imageBytes)
  images.set(memory.subarray(begin, begin + count * imageBytes))
  return [images, rows]
}

/** As ONNX Runtime's allocators, CUDA and the C++ library say it. */
export function isOutOfMemory(reason: string): boolean {
  return /out of memory|failed to allocate|bad_alloc|CUDA failure 2\b|CUDNN_STATUS_ALLOC_FAILED|CUBLAS_STATUS_ALLOC_FAILED/i.test(
    reason,
  )
}
