import type { ClaimedJob, Claims, HandedOut, JobConsumer, QueueName } from '../../shared/job-queue.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import type { PhotoDecoder } from '../../shared/photo-decoder.ts'
import type { PayloadOutcome, PayloadReader } from '../redis/payload-reader.ts'
import type { UntilGranted } from '../redis/until-granted.ts'
import type { Batch } from './batch.ts'
import { decodePhotos, type EncodedPhoto, type FailedInput } from './photo-inputs.ts'

export interface BatchIntakeDeps {
  consumer: Pick<JobConsumer, 'claim' | 'inputKey'>
  payloads: Pick<PayloadReader, 'read'>
  /** Undefined if the model takes no encoded photos; then one that comes all the same is not what the model takes. */
  photos: PhotoDecoder | undefined
  untilGranted: UntilGranted
  /** Is told what was claimed as soon as it is this pool's: inputs may take long. */
  claimed: (claims: Claims) => void
  /** Milliseconds, monotonic. */
  elapsed: () => number
}

/** Brings jobs that were handed out into a batch: claims them, and reads their inputs from the socket to their places. */
export class BatchIntake {
  readonly #queue: QueueName
  readonly #manifest: ModelManifest
  readonly #deps: BatchIntakeDeps

  constructor(manifest: ModelManifest, deps: BatchIntakeDeps) {
    this.#queue = { model: manifest.name, version: manifest.version }
    this.#manifest = manifest
    this.#deps = deps
  }

  /**
   * Loads `entries` into `batch`, which has room for them. Returns the jobs that end here since their input will not do. Never
   * rejects: what Redis refuses is asked for again. `alone`: nothing else is claimed in this process, nor will be until it has run.
   */
  async load(batch: Batch, entries: readonly HandedOut[], { alone = false } = {}): Promise<FailedInput[]> {
    const { elapsed } = this.#deps
    const first = batch.size
    const [claims, payloads] = await Promise.all([
      this.#claim(batch, entries, alone),
      this.#read(batch, entries),
    ])
    const failed: FailedInput[] = []
    const photos: EncodedPhoto[] = []
    for (const [i, job] of claims.entries()) {
      const payload = payloads[i]
      if (!job || !payload) continue
      if (this.#isTensor(job, payload)) batch.add(job, first + i)
      else if (job.input?.kind === 'image' && this.#deps.photos)
        photos.push({ job, file: fileOf(job, payload, batch.place(first + i)) })
      else failed.push({ job, code: 'unreadable-input' })
    }
    if (photos.length > 0 && this.#deps.photos) {
      const inputs = await decodePhotos(photos, this.#manifest, this.#deps.photos)
      for (const { job, pixels } of inputs.decoded) batch.addImage(job, pixels)
      failed.push(...inputs.failed)
    }
    batch.fetchedAt = elapsed()
    return failed
  }

  async #claim(
    batch: Batch,
    entries: readonly HandedOut[],
    alone: boolean,
  ): Promise<(ClaimedJob | undefined)[]> {
    const { consumer, untilGranted, elapsed } = this.#deps
    const claims = await untilGranted('claim', () => consumer.claim(this.#queue, entries, { alone }))
    batch.claimedAt = elapsed()
    this.#deps.claimed(claims)
    return claims.jobs
  }

  /** At the same time as the claim, on a connection of its own: the input of a job that is not ours after all is read in vain. */
  async #read(batch: Batch, entries: readonly HandedOut[]): Promise<PayloadOutcome[]> {
    const { consumer, payloads, untilGranted } = this.#deps
    const keys = entries.map(({ id }) => consumer.inputKey(this.#queue, id))
    const places = entries.map((_, i) => batch.place(batch.size + i))
    return untilGranted('fetch', () => payloads.read(keys, places))
  }

  #isTensor({ input }: ClaimedJob, payload: PayloadOutcome): boolean {
    return (
      input?.kind === 'tensor' &&
      payload.kind === 'filled' &&
      payload.encoding === input.encoding &&
      input.shape.join() === this.#manifest.input.shape.join()
    )
  }
}

/** A file that happens to be just as long as a tensor lies in its place, decoded if need be. */
function fileOf({ input }: ClaimedJob, payload: PayloadOutcome, place: Buffer): Uint8Array | undefined {
  if (payload.kind === 'filled')
    return payload.encoding === input?.encoding ? Uint8Array.from(place) : undefined
  if (payload.kind !== 'other') return undefined
  return input?.encoding === 'raw' ? payload.bytes : decodedFile(payload.bytes)
}

function decodedFile(stored: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength).toString('latin1')
  const file = Buffer.from(text, 'base64')
  // Node's decoder skips what it does not know; text that was all base64 comes back the same.
  return file.toString('base64') === text ? file : undefined
}
