import type { KnownModel, PoolLoad } from '../../shared/announcement.ts'
import type { Announcement } from '../../shared/job-queue.ts'
import { type ModelManifest, modelManifestSchema } from '../../shared/model-manifest.ts'

export function manifestOf(name: string, version: string, changes: object = {}): ModelManifest {
  return modelManifestSchema.parse({
    ...{ name, version, task: 'classification' },
    input: { name: 'image', dtype: 'uint8', layout: 'nhwc', shape: [8, 8, 3] },
    resize: { mode: 'stretch', size: 8, crop: 8, kernel: 'triangle' },
    outputs: { probabilities: 'p', indices: 'i' },
    ...changes,
  })
}

/** A version that a pool serves, unless told otherwise. */
export function knownModel(name: string, version: string, known: Partial<KnownModel> = {}): KnownModel {
  return { manifest: manifestOf(name, version), seenAt: 1_000, pools: ['pool'], drainRate: null, ...known }
}

export const IDLE: PoolLoad = {
  ...{ device: 'cpu', inFlight: 0, imagesPerSecond: 0, startedAt: 1_000 },
  ...{ drainRates: {}, busy: {}, idleSeconds: 0 },
}

/** What an idle pool says. */
export function announcementOf(...manifests: ModelManifest[]): Announcement {
  return { manifests, withdrawn: [], load: IDLE }
}
