import { type ProblemCode, ProblemError } from '../../shared/errors.ts'
import type { ClaimedJob } from '../../shared/job-queue.ts'
import type { PhotoDecoder, PhotoRules } from '../../shared/photo-decoder.ts'

/** A job whose photo came encoded. */
export interface EncodedPhoto {
  job: ClaimedJob
  /** The file; undefined if it did not arrive as it was sent. */
  file: Uint8Array | undefined
}

/** A job whose input will not do: it ends here. `unexpected`: the error's name, if it was none that a photo may cause. */
export interface FailedInput {
  job: ClaimedJob
  code: ProblemCode
  unexpected?: string
}

/** In the order in which they were claimed. */
export interface PhotoInputs {
  decoded: { job: ClaimedJob; pixels: Uint8Array }[]
  failed: FailedInput[]
}

/**
 * Decodes what came encoded, by the model's own rules, as the edge would have done. A photo that cannot be decoded, or is
 * given up by the decoder's limits, fails its own job; this never rejects. The decoder is given all at once: how many it decodes at the
 * same time is its own.
 */
export async function decodePhotos(
  photos: readonly EncodedPhoto[],
  rules: PhotoRules,
  decode: PhotoDecoder,
): Promise<PhotoInputs> {
  const pixels = new Map<ClaimedJob, Uint8Array>()
  const failed = new Map<ClaimedJob, FailedInput>()
  const decodeOne = async ({ job, file }: EncodedPhoto) => {
    try {
      if (!file) throw new ProblemError('unreadable-input', 'The photo did not arrive as it was sent.')
      pixels.set(job, await decode(file, rules))
    } catch (error) {
      failed.set(job, failedBy(error, job))
    }
  }
  await Promise.all(photos.map(decodeOne))
  return {
    decoded: photos.flatMap(({ job }) => {
      const image = pixels.get(job)
      return image ? [{ job, pixels: image }] : []
    }),
    failed: [...failed.values()],
  }
}

function failedBy(error: unknown, job: ClaimedJob): FailedInput {
  if (error instanceof ProblemError) return { job, code: error.code }
  return { job, code: 'internal-error', unexpected: error instanceof Error ? error.name : typeof error }
}
