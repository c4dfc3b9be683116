import { onTestFinished } from 'vitest'
import { versionId } from '../../shared/model-reference.ts'
import { FolderWatch } from '../../worker-pool/models/folder-watch.ts'
import { ModelRepository, type Scan } from '../../worker-pool/models/model-repository.ts'
import type { ModelSelection } from '../../worker-pool/models/model-selection.ts'
import { temporaryFolder, writePackage } from './package-folders.ts'
import { SleepingClock } from './sleeping-clock.ts'

export const SCAN_EVERY_MS = 5_000

/** A scan in words: `+m@1` to be served, `-m@1` to be removed, and what is wrong. */
export const inWords = ({ changes, refusals }: Scan) => [
  ...changes.map((change) => {
    if (change.kind === 'remove') return `-${change.id}`
    const { replaces, modelPackage } = change
    return `+${versionId(modelPackage.manifest)}${replaces === undefined ? '' : ` for ${replaces}`}`
  }),
  ...refusals.map(({ message }) => message),
]

/**
 * A repository whose scans a test makes. All that it offers is served, but for what `failing` names by `name@version`. Its clock is far
 * behind that of the files: all of them look new at the start.
 */
export async function scannedRepository(selection: Partial<ModelSelection> = {}) {
  const root = await temporaryFolder()
  const clock = new SleepingClock()
  const watch = new FolderWatch()
  onTestFinished(() => watch.close())
  const models = new ModelRepository({
    selection: { repository: root, only: undefined, folders: [], ...selection },
    ...{ clock, watch, scanEveryMs: SCAN_EVERY_MS },
  })
  const failing = new Map<string, Error>()
  const settled = (scan: Scan) => {
    const offers = scan.changes.filter((change) => change.kind === 'serve')
    models.settle(
      offers.map((offer) => ({ offer, error: failing.get(versionId(offer.modelPackage.manifest)) })),
    )
    return inWords(scan)
  }
  return {
    ...{ root, clock, models, failing },
    first: async (signal?: AbortSignal) => settled(await models.first(signal)),
    /** The next scan, in words. */
    next: async (afterMs = SCAN_EVERY_MS) => {
      clock.pass(afterMs)
      return settled(await models.scan())
    },
  }
}

/** The same with packages in it that have been picked up. */
export async function repositoryWith(...ids: string[]) {
  const made = await scannedRepository()
  for (const id of ids) await writePackage(made.root, id)
  await made.first()
  return made
}
