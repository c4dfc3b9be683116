import type { ClaimedJob } from '../shared/job-queue.ts'
import { tensorByteLength } from '../shared/tensor.ts'

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
    if (job.tensor?.shape.join() === shape.join() && decodeInto(place, job)) jobs.push(job)
    else unreadable.push(job)
  }
  return { images: memory.subarray(0, jobs.length * imageBytes), jobs, unreadable }
}

/** Characters decoded at once; a multiple of 4. Strings over about 100 kB cost V8 eight times as much a character. */
const PIECE = 65_536

/** False if the payload does not fill the place exactly. */
function decodeInto(place: Buffer, { tensor, payload }: ClaimedJob): boolean {
  if (!payload) return false
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  if (tensor?.encoding === 'raw') return bytes.length === place.length && bytes.copy(place) === place.length
  if (bytes.length !== Math.ceil(place.length / 3) * 4) return false
  let filled = 0
  for (let at = 0; at < bytes.length; at += PIECE) {
    filled += place.write(bytes.toString('latin1', at, at + PIECE), filled, 'base64')
  }
  return filled === place.length
}
