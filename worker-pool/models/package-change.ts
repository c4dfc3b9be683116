import { compareVersions } from '../../shared/compare-versions.ts'
import { type ModelPackage, PackageUnreadableError } from './model-package.ts'
import { packageFiles } from './package-files.ts'

/** A package that is new, or another copy of one, as its folder held it when it was read. */
export interface PackageOffer {
  kind: 'serve'
  folder: string
  modelPackage: ModelPackage
  fingerprint: string
  /** `name@version` that the folder held before: to be removed once this one serves, and not otherwise. */
  replaces: string | undefined
}

/** `remove`: `name@version` of one that is gone. */
export type PackageChange = PackageOffer | { kind: 'remove'; id: string }

/** What became of an offer; without an error, it serves. */
export interface OfferOutcome {
  offer: PackageOffer
  error: Error | undefined
}

/** The folder's files are not those any more that were read: whatever was loaded may be a mixture. */
export class PackageChangedError extends Error {
  override readonly name = 'PackageChangedError'
}

/** Throws PackageChangedError, or PackageUnreadableError if nobody can tell. */
export async function assertUnchanged({ folder, fingerprint }: PackageOffer): Promise<void> {
  const files = await packageFiles(folder).catch((cause: unknown) => {
    throw new PackageUnreadableError(`${folder}: cannot be looked at any more`, { cause })
  })
  if (files.fingerprint !== fingerprint)
    throw new PackageChangedError(`${folder}: was changed while it was loaded; it is looked at again`)
}

/** The highest version of each model first, so that no lower one is its default meanwhile; then the second highest of each... */
export function highestFirst(offers: readonly PackageOffer[]): PackageOffer[] {
  const ranked = offers.map((offer) => {
    const { name, version } = offer.modelPackage.manifest
    const higher = offers.filter(
      ({ modelPackage: { manifest } }) =>
        manifest.name === name && compareVersions(manifest.version, version) > 0,
    )
    return { offer, rank: higher.length }
  })
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ offer }) => offer)
}
