import { type ProblemCode, ProblemError } from '../shared/errors.ts'
import type { ClaimedJob } from '../shared/job-queue.ts'
import type { ModelManifest } from '../shared/model-manifest.ts'
import type { PhotoDecoder } from '../shared/photo-decoder.ts'
import { payloadInto, payloadLength } from './payload.ts'

export interface PhotoDecoding {
  decode: PhotoDecoder
  /** Photos that are decoded at the same time. */
  atOnce: number
}

/** A job that ends here. `unexpected`: the error's name, if it was none that a photo may cause. */
export interface FailedPhoto {
  job: ClaimedJob
  code: ProblemCode
  unexpected?: string
}

export interface PhotoInputs {
  /** In the order in which they were claimed. What came as an encoded photo is now a tensor; all else is as it was. */
  jobs: ClaimedJob[]
  failed: FailedPhoto[]
}

/**
 * Decodes what came encoded, by the model's own rules, as the edge would have done. A photo that cannot be decoded, or is
 * given up by the decoder's limits, fails its own job; this never rejects.
 */
export async function decodePhotos(
  claimed: readonly ClaimedJob[],
  manifest: Pick<ModelManifest, 'input' | 'resize' | 'decode'>,
  { decode, atOnce }: PhotoDecoding,
): Promise<PhotoInputs> {
  const jobs = [...claimed]
  const failed = new Map<ClaimedJob, FailedPhoto>()
  // All take from the same iterator, so that each photo is decoded once.
  const photos = [...claimed.entries()].filter(([, { input }]) => input?.kind === 'image').values()
  const decodeNext = async () => {
    for (const [i, job] of photos) {
      try {
        jobs[i] = asTensor(job, await decode(photoOf(job), manifest), manifest)
      } catch (error) {
        failed.set(job, failedBy(error, job))
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, decodeNext))
  return { jobs: jobs.filter((job) => !failed.has(job)), failed: [...failed.values()] }
}

/** Throws ProblemError 'unreadable-input' if what is there does not decode to the bytes of a file. */
function photoOf(job: ClaimedJob): Uint8Array {
  const file = Buffer.allocUnsafe(payloadLength(job) ?? 0)
  if (payloadInto(file, job)) return file
  throw new ProblemError('unreadable-input', 'The photo did not arrive as it was sent.')
}

function asTensor(
  job: ClaimedJob,
  pixels: Uint8Array,
  { input: { dtype, shape } }: Pick<ModelManifest, 'input'>,
): ClaimedJob {
  return { ...job, input: { kind: 'tensor', dtype, shape, encoding: 'raw' }, payload: pixels }
}

function failedBy(error: unknown, job: ClaimedJob): FailedPhoto {
  if (error instanceof ProblemError) return { job, code: error.code }
  return { job, code: 'internal-error', unexpected: error instanceof Error ? error.name : typeof error }
}
