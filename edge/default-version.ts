import { type KnownModel, POOL_TTL_MS } from '../shared/announcement.ts'
import { compareVersions } from '../shared/compare-versions.ts'

/**
 * The version of a model that a request gets which names none: the highest that a live pool serves. Where none is live, the highest
 * of those that were served last, as pools that end together do not end at the same moment. `versions`: at least one.
 */
export function defaultVersion(versions: readonly KnownModel[]): KnownModel {
  const live = versions.filter(({ pools }) => pools.length > 0)
  const lastSeenAt = Math.max(...versions.map(({ seenAt }) => seenAt))
  const candidates =
    live.length > 0 ? live : versions.filter(({ seenAt }) => seenAt >= lastSeenAt - POOL_TTL_MS)
  return candidates.toSorted(byVersion).at(-1) as KnownModel
}

export function byVersion(a: KnownModel, b: KnownModel): number {
  return compareVersions(a.manifest.version, b.manifest.version)
}
