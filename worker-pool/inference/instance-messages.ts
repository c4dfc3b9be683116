import type { ModelPackage } from '../models/model-package.ts'
import type { SessionOptions } from './execution-providers.ts'
import type { BatchRun } from './run-batch.ts'

/** What an instance's thread is started with. */
export interface InstanceTask {
  modelPackage: ModelPackage
  session: SessionOptions
  /** Sizes to warm up, ascending; the last is the most images of a batch. */
  buckets: readonly number[]
  /** Whether batches are padded to a bucket. */
  padded: boolean
}

/** To the thread. It runs one batch after another, in the order in which they were asked for. */
export type InstanceRequest =
  /** The first `n` images of memory that both threads see. */
  | { type: 'run'; memory: SharedArrayBuffer; n: number }
  /** Batches have at most this many images from now on. */
  | { type: 'shrink'; maxBatchSize: number }
  | { type: 'close' }

/** How long a batch took once its size was warm. */
export interface WarmRun {
  images: number
  ms: number
}

export type InstanceAnswer =
  /** Warm. Less than the largest bucket, if that does not fit into memory. `warmRun`: of that size. */
  | { type: 'ready'; maxBatchSize: number; warmRun: WarmRun }
  /** The package cannot be served, or not with these settings. */
  | { type: 'refused'; fault: 'package' | 'configuration'; message: string }
  /** `ms`: how long it took by the thread's own clock. */
  | { type: 'ran'; run: BatchRun; ms: number }
