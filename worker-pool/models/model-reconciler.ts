import type { Logger } from 'pino'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { versionId } from '../../shared/model-reference.ts'
import { ConfigurationError } from '../../shared/read-configuration.ts'
import { ModelPackageError } from './model-package.ts'
import type { ModelRepository, Scan } from './model-repository.ts'
import type { ModelRoster } from './model-roster.ts'

/** What has become of a package after the start; `model` is `name@version`. One that is withdrawn is served until its queue is empty. */
export type ModelNews =
  | { what: 'serves' | 'withdrawn'; model: string }
  | { what: 'cannot be served'; reason: string }

export interface ModelReconcilerDeps {
  repository: ModelRepository
  roster: Pick<ModelRoster, 'apply' | 'manifests'>
  log: Logger
  onNews: (news: ModelNews) => void
}

/** Makes what is served what lies on disk, and tells the repository what came of it. */
export class ModelReconciler {
  readonly #deps: ModelReconcilerDeps

  constructor(deps: ModelReconcilerDeps) {
    this.#deps = deps
  }

  /**
   * Tries all that there is, and waits while something may still come of it. If nothing can be served, throws with every reason:
   * ModelPackageError or ConfigurationError if it will be the same the next time, another error if not. Resolves to the reasons of what
   * cannot be served while the rest is.
   */
  async start(signal: AbortSignal): Promise<string[]> {
    const { repository, roster } = this.#deps
    const failures: Error[] = []
    let scan = await repository.first(signal)
    do {
      failures.push(...(await this.#apply(scan)))
      if (roster.manifests.length > 0 || signal.aborted) break
      scan = await repository.more(signal)
    } while (scan.changes.length + scan.refusals.length > 0)
    if (roster.manifests.length === 0 && !signal.aborted) throw nothingToServe(failures)
    this.#tell(failures)
    return failures.map(({ message }) => message)
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { repository, roster, onNews } = this.#deps
    await repository.watch(async (scan) => {
      const before = roster.manifests
      const failures = await this.#apply(scan)
      for (const news of newsBetween(before, roster.manifests)) onNews(news)
      for (const { message } of failures) onNews({ what: 'cannot be served', reason: message })
      this.#tell(failures)
    }, signal)
  }

  async #apply({ changes, refusals }: Scan): Promise<Error[]> {
    const outcomes = await this.#deps.roster.apply(changes)
    this.#deps.repository.settle(outcomes)
    return [...refusals, ...outcomes.flatMap(({ error }) => error ?? [])]
  }

  #tell(failures: readonly Error[]): void {
    for (const error of failures) {
      const again = error instanceof ModelPackageError ? '' : ', and is tried again'
      this.#deps.log.error({ reason: error.message }, `cannot be served${again}; what is served goes on`)
    }
  }
}

/** A version that another copy serves now has another manifest. */
function newsBetween(before: readonly ModelManifest[], after: readonly ModelManifest[]): ModelNews[] {
  const ids = new Set(after.map(versionId))
  return [
    ...after
      .filter((manifest) => !before.includes(manifest))
      .map((manifest): ModelNews => ({ what: 'serves', model: versionId(manifest) })),
    ...before
      .map(versionId)
      .filter((id) => !ids.has(id))
      .map((model): ModelNews => ({ what: 'withdrawn', model })),
  ]
}

function nothingToServe(failures: readonly Error[]): Error {
  const [first, ...others] = failures
  if (!first) return new ModelPackageError('there is no model package to serve')
  if (others.length === 0) return first
  const reasons = failures.map(({ message }) => `- ${message}`)
  const whole = ['no model package can be served:', ...reasons].join('\n')
  return failures.every(staysSo) ? new ModelPackageError(whole) : new Error(whole)
}

function staysSo(error: Error): boolean {
  return error instanceof ModelPackageError || error instanceof ConfigurationError
}
