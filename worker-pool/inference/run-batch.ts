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
  /** Runs of the session that it took. */
  executions: number
}

/** The session fails on everything: a GPU that has faulted, for one, runs nothing more for its process. */
export class SessionBrokenError extends Error {
  override readonly name = 'SessionBrokenError'
}

/** What each byte of a grey image is; a model that is served has been warmed up with such images. */
const GREY = 128

export interface RunBatchOptions<Outputs> {
  /** Runs `rows` images, one after another. */
  run: (images: Uint8Array, rows: number) => Promise<Outputs>
  imageBytes: number
  /** Sizes that a run is padded to; undefined: none. */
  buckets: readonly number[] | undefined
}

/**
 * Runs the first `n` images of `memory`. Where the session fails, on one image it cannot take or for lack of memory, the images are
 * run again in halves, down to single ones: only those that fail alone have failed. Where all have, for other reasons than memory, a grey
 * image tells whether it was for what they are. Throws SessionBrokenError if that fails too.
 */
export async function runBatch<Outputs>(
  memory: Uint8Array,
  n: number,
  options: RunBatchOptions<Outputs>,
): Promise<BatchRun<Outputs>> {
  const result: BatchRun<Outputs> = { parts: [], outOfMemoryAt: undefined, executions: 0 }
  const runPart = async (first: number, count: number): Promise<void> => {
    result.executions++
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
  const allFailed = result.parts.every(({ outputs }) => outputs === undefined)
  if (allFailed && result.outOfMemoryAt === undefined) await runGrey(options)
  return result
}

async function runGrey<Outputs>({ run, imageBytes, buckets }: RunBatchOptions<Outputs>): Promise<void> {
  const rows = buckets ? bucketFor(1, buckets) : 1
  await run(new Uint8Array(rows * imageBytes).fill(GREY), rows).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new SessionBrokenError(`the session fails on every image: ${reason}`)
  })
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
