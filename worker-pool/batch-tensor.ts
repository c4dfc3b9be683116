import type { ClaimedJob } from '../shared/job-queue.ts'
import { tensorByteLength } from '../shared/tensor.ts'
import { payloadInto } from './payload.ts'

/** The images of several jobs, one after another in one block of memory: what a session takes. */
export interface BatchTensor {
  images: Uint8Array
  /** The jobs whose images these are, in order. */
  jobs: ClaimedJob[]
  /** Jobs whose payload is missing, or not an image of this shape. */
  unreadable: ClaimedJob[]
}

/** Decodes each job's payload straight into its place in the batch. `shape`: of one image, uint8. */
export function assembleBatch(claimed: readonly ClaimedJob[], shape: readonly number[]): BatchTensor {
  const imageBytes = tensorByteLength(shape)
  const memory = Buffer.allocUnsafe(claimed.length * imageBytes)
  const jobs: ClaimedJob[] = []
  const unreadable: ClaimedJob[] = []
  for (const job of claimed) {
    const place = memory.subarray(jobs.length * imageBytes, (jobs.length + 1) * imageBytes)
    if (hasShape(job, shape) && payloadInto(place, job)) jobs.push(job)
    else unreadable.push(job)
  }
  return { images: memory.subarray(0, jobs.length * imageBytes), jobs, unreadable }
}

function hasShape({ input }: ClaimedJob, shape: readonly number[]): boolean {
  return input?.kind === 'tensor' && input.shape.join() === shape.join()
}
