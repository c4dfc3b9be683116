import { pino } from 'pino'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { versionId } from '../../shared/model-reference.ts'
import { ModelRoster, type ServedModel } from '../../worker-pool/models/model-roster.ts'
import type { PackageChange, PackageOffer } from '../../worker-pool/models/package-change.ts'
import type { WithdrawalEnd } from '../../worker-pool/models/withdrawals.ts'
import { manifestOf } from './known-models.ts'
import { SleepingClock } from './sleeping-clock.ts'

/** A copy of a version, told apart by its description. */
export type Copy = { id: string; copy?: string; changes?: object; replaces?: string }

/** An offer of a package that is on no disk. */
export function serve({ id, copy = '', changes, replaces }: Copy): PackageOffer {
  const [name = '', version = ''] = id.split('@')
  const manifest = manifestOf(name, version, { description: copy, ...changes })
  const modelPackage = { manifest, graphPaths: [], labels: [] }
  return { kind: 'serve', modelPackage, folder: `/${id}`, fingerprint: copy, replaces }
}

export const remove = (id: string): PackageChange => ({ kind: 'remove', id })
export const nameOf = (manifest: ModelManifest) => versionId(manifest) + (manifest.description ?? '')

/** What happens in a roster, in order. */
class Happenings {
  readonly all: string[] = []
  /** What holds up a step until it is released; by its words. */
  readonly #held = new Map<string, PromiseWithResolvers<void>>()
  readonly #awaited = new Map<string, PromiseWithResolvers<void>>()

  async note(what: string): Promise<void> {
    this.all.push(what)
    this.#awaited.get(what)?.resolve()
    await this.#held.get(what)?.promise
  }

  /** That step fails. */
  fail(what: string, error: Error): void {
    const failing = Promise.withResolvers<void>()
    failing.promise.catch(() => {})
    failing.reject(error)
    this.#held.set(what, failing)
  }

  hold(what: string): () => void {
    const held = Promise.withResolvers<void>()
    this.#held.set(what, held)
    return held.resolve
  }

  async until(what: string): Promise<void> {
    if (this.all.includes(what)) return
    const awaited = Promise.withResolvers<void>()
    this.#awaited.set(what, awaited)
    await awaited.promise
  }
}

export interface TellingRosterOptions {
  /** By name: what is thrown when it is loaded. */
  bad?: Record<string, Error>
  /** By `name@version`: how its withdrawal ends; at once `forgotten` if it is not here. */
  withdrawals?: Record<string, Promise<WithdrawalEnd>>
}

/** A roster of models that only tell what is done with them. */
export function tellingRoster({ bad = {}, withdrawals = {} }: TellingRosterOptions = {}) {
  const happened = new Happenings()
  const clock = new SleepingClock()
  const broken = new Map<string, (reason: Error) => void>()
  const load = async ({ modelPackage: { manifest } }: PackageOffer): Promise<ServedModel> => {
    const name = nameOf(manifest)
    await happened.note(`load ${name}`)
    if (bad[name]) throw bad[name]
    const finished = Promise.withResolvers<void>()
    broken.set(name, finished.reject)
    return {
      ...{ manifest, finished: finished.promise },
      drain: (deadline) => {
        deadline?.addEventListener('abort', () => happened.note(`give back ${name}`))
        return happened.note(`drain ${name}`)
      },
      drainQueue: () => happened.note(`empty ${name}`),
    }
  }
  const tell = (manifests: readonly ModelManifest[], ...withdrawn: string[]) =>
    happened.note(['tell', ...manifests.map(nameOf), ...withdrawn].join(' '))
  const announcer = {
    update: (manifests: readonly ModelManifest[]) => tell(manifests),
    withdraw: (id: string, manifests: readonly ModelManifest[]) => {
      const ended = withdrawals[id] ?? Promise.resolve<WithdrawalEnd>('forgotten')
      return { said: tell(manifests, `-${id}`), ended }
    },
    leave: () => happened.note('leave'),
  }
  const models = new ModelRoster({ serve: load, announcer, clock, log: pino({ enabled: false }) })
  return { models, happened, clock, broken }
}

/** One that serves these already; what happened until then is forgotten. */
export async function rosterServing(copies: Copy[], options: TellingRosterOptions = {}) {
  const made = tellingRoster(options)
  await made.models.apply(copies.map(serve))
  made.happened.all.length = 0
  return made
}
