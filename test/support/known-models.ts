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
  const idle = { seenAt: 1_000, pools: ['pool'], stuckPools: [], drainRate: null }
  return { manifest: manifestOf(name, version), ...idle, ...known }
}

export const IDLE: PoolLoad = {
  ...{ device: 'cpu', inFlight: 0, imagesPerSecond: 0, upMs: 1_000 },
  ...{ state: 'ok', runningMs: 0, settledMsAgo: null },
  ...{ drainRates: {}, busy: {}, recent: {} },
}

/** What an idle pool says. */
export function announcementOf(...manifests: ModelManifest[]): Announcement {
  return { manifests, withdrawn: [], load: IDLE }
}
