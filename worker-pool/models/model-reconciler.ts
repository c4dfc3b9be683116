import type { Logger } from 'pino'
import { ConfigurationError } from '../../shared/read-configuration.ts'
import { ModelPackageError } from './model-package.ts'
import type { ModelRepository, Scan } from './model-repository.ts'
import type { ModelRoster } from './model-roster.ts'

export interface ModelReconcilerDeps {
  repository: ModelRepository
  roster: Pick<ModelRoster, 'apply' | 'manifests'>
  log: Logger
}

/** Makes what is served what lies on disk, and tells the repository what came of it. */
export class ModelReconciler {
  readonly #deps: ModelReconcilerDeps

  constructor(deps: ModelReconcilerDeps) {
    this.#deps = deps
  }

  /**
   * Tries all that there is, and waits while something may still come of it. If nothing can be served, throws with every reason:
   * ModelPackageError or ConfigurationError if it will be the same the next time, another error if not.
   */
  async start(signal: AbortSignal): Promise<void> {
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
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#deps.repository.watch(async (scan) => this.#tell(await this.#apply(scan)), signal)
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
