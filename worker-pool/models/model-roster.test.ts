import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { versionId } from '../../shared/model-reference.ts'
import { manifestOf } from '../../test/support/known-models.ts'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { type ModelPackage, ModelPackageError } from './model-package.ts'
import type { PackageChange, Scan } from './model-repository.ts'
import { ModelRoster, type ServedModel } from './model-roster.ts'

/** A copy of a version, told apart by its description. */
type Copy = { id: string; copy?: string; changes?: object }

function packageOf({ id, copy = '', changes }: Copy): ModelPackage {
  const [name = '', version = ''] = id.split('@')
  const manifest = manifestOf(name, version, { description: copy, ...changes })
  return { manifest, graphPaths: [], labels: [] }
}

const serve = (copy: Copy): PackageChange => ({ kind: 'serve', modelPackage: packageOf(copy) })
const remove = (id: string): PackageChange => ({ kind: 'remove', id })
const scanOf = (...changes: PackageChange[]): Scan => ({ changes, refusals: [] })
const nameOf = (manifest: ModelManifest) => versionId(manifest) + (manifest.description ?? '')

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

/** A roster of models that only tell what is done with them. */
function roster({ bad = {}, others = [] }: { bad?: Record<string, string>; others?: string[] } = {}) {
  const happened = new Happenings()
  const clock = new SleepingClock()
  const broken = new Map<string, (reason: Error) => void>()
  const served = async ({ manifest }: ModelPackage): Promise<ServedModel> => {
    const name = nameOf(manifest)
    await happened.note(`load ${name}`)
    const reason = bad[name]
    if (reason !== undefined) throw new ModelPackageError(reason)
    const finished = Promise.withResolvers<void>()
    broken.set(name, finished.reject)
    return {
      ...{ manifest, finished: finished.promise },
      drain: () => happened.note(`drain ${name}`),
      drainQueue: () => happened.note(`empty ${name}`),
    }
  }
  const announcer = {
    update: async (manifests: readonly ModelManifest[], withdrawn: readonly string[] = []) => {
      await happened.note(['tell', ...manifests.map(nameOf), ...withdrawn.map((id) => `-${id}`)].join(' '))
      return withdrawn.filter((id) => others.includes(id))
    },
    leave: () => happened.note('leave'),
  }
  const models = new ModelRoster({ serve: served, announcer, clock, log: pino({ enabled: false }) })
  return { models, happened, clock, broken }
}

describe('at the start', () => {
  test('all that there is is loaded, and each version told of as soon as it serves', async () => {
    const { models, happened } = roster()
    await models.start(scanOf(serve({ id: 'a@1' }), serve({ id: 'b@1' })))
    expect(happened.all).toEqual(['load a@1', 'tell a@1', 'load b@1', 'tell a@1 b@1'])
    expect(models.manifests.map(nameOf)).toEqual(['a@1', 'b@1'])
  })

  test('what will not do does not keep the rest from being served', async () => {
    const { models } = roster({ bad: { 'a@1': 'a is bad' } })
    await models.start({
      changes: scanOf(serve({ id: 'a@1' }), serve({ id: 'b@1' })).changes,
      refusals: ['c'],
    })
    expect(models.manifests.map(nameOf)).toEqual(['b@1'])
  })

  test('a pool that can serve nothing says every reason', async () => {
    const { models } = roster({ bad: { 'a@1': 'a is bad', 'b@1': 'b is bad' } })
    const changes = [serve({ id: 'a@1' }), serve({ id: 'b@1' })]
    const starting = models.start({ changes, refusals: ['c is no JSON'] })
    await expect(starting).rejects.toThrow(ModelPackageError)
    await expect(starting).rejects.toThrow(
      'no model package can be served:\n- c is no JSON\n- a is bad\n- b is bad',
    )
  })

  test('a single reason stands alone', async () => {
    await expect(roster().models.start({ changes: [], refusals: ['a is bad'] })).rejects.toThrow(/^a is bad$/)
  })
})

/** A roster that serves these already; what happened until then is forgotten. */
async function serving(copies: Copy[], options: Parameters<typeof roster>[0] = {}) {
  const made = roster(options)
  await made.models.start(scanOf(...copies.map(serve)))
  made.happened.all.length = 0
  return made
}

describe('another copy of a version', () => {
  test('serves before the old one ends', async () => {
    const { models, happened } = await serving([{ id: 'm@1', copy: 'old' }])
    await models.apply(scanOf(serve({ id: 'm@1', copy: 'new' })))
    expect(happened.all).toEqual(['load m@1new', 'tell m@1new', 'drain m@1old'])
  })

  test('that cannot be loaded changes nothing', async () => {
    const { models, happened } = await serving([{ id: 'm@1', copy: 'old' }], { bad: { 'm@1new': 'bad' } })
    await models.apply(scanOf(serve({ id: 'm@1', copy: 'new' })))
    expect(happened.all).toEqual(['load m@1new'])
    expect(models.manifests.map(nameOf)).toEqual(['m@1old'])
  })

  test.each([
    [
      'takes another input',
      {},
      { input: { name: 'i', dtype: 'uint8', layout: 'nhwc', shape: [4, 4, 3] }, resize: resizeTo(4) },
    ],
    [
      'decodes less',
      { decode: { at: 'auto', formats: ['avif', 'tiff'] } },
      { decode: { at: 'auto', formats: ['tiff'] } },
    ],
  ])('that %s is not loaded, for the sake of jobs on their way', async (_, before, after) => {
    const { models, happened } = await serving([{ id: 'm@1', copy: 'old', changes: before }])
    await models.apply(scanOf(serve({ id: 'm@1', copy: 'new', changes: after })))
    expect(happened.all).toEqual([])
    expect(models.manifests.map(nameOf)).toEqual(['m@1old'])
  })
})

function resizeTo(side: number) {
  return { mode: 'stretch', size: side, crop: side, kernel: 'triangle' }
}

describe('a version that is removed', () => {
  test('is withdrawn at once, and served until no edge knows it and its queue is empty', async () => {
    const { models, happened, clock } = await serving([{ id: 'm@1' }, { id: 'm@2' }])
    await models.apply(scanOf(remove('m@1')))
    await happened.until('drain m@1')
    expect(happened.all).toEqual(['tell m@2 -m@1', 'empty m@1', 'drain m@1'])
    expect(clock.sleeps).toEqual([30_000])
  })

  test('is left to other pools, where there are any', async () => {
    const { models, happened, clock } = await serving([{ id: 'm@1' }, { id: 'm@2' }], { others: ['m@1'] })
    await models.apply(scanOf(remove('m@1')))
    await happened.until('drain m@1')
    expect(happened.all).toEqual(['tell m@2 -m@1', 'drain m@1'])
    expect(clock.sleeps).toEqual([])
  })

  test('does not keep later changes waiting', async () => {
    const { models, happened } = await serving([{ id: 'm@1' }, { id: 'm@2' }])
    const emptied = happened.hold('empty m@1')
    await models.apply(scanOf(remove('m@1'), serve({ id: 'm@3' })))
    expect(happened.all).toContain('tell m@2 m@3')
    expect(happened.all).not.toContain('drain m@1')
    emptied()
    await happened.until('drain m@1')
  })

  test('and comes back is served anew before what is left of it ends', async () => {
    const { models, happened } = await serving([{ id: 'm@1', copy: 'old' }, { id: 'm@2' }])
    happened.hold('empty m@1old')
    await models.apply(scanOf(remove('m@1')))
    await models.apply(scanOf(serve({ id: 'm@1', copy: 'new' })))
    expect(happened.all.filter((what) => !what.startsWith('empty'))).toEqual([
      'tell m@2 -m@1',
      'load m@1new',
      'tell m@2 m@1new',
      'drain m@1old',
    ])
  })

  test('and is not served, as it was bad, is nothing to withdraw', async () => {
    const { models, happened } = await serving([{ id: 'm@1' }])
    await models.apply(scanOf(remove('m@2')))
    expect(happened.all).toEqual([])
  })

  test('may be the last: the pool goes on, and serves what comes', async () => {
    const { models, happened } = await serving([{ id: 'm@1' }])
    await models.apply(scanOf(remove('m@1'), serve({ id: 'm@2' })))
    expect(happened.all).toEqual(expect.arrayContaining(['tell -m@1', 'load m@2', 'tell m@2']))
  })
})

test('changes are applied one at a time, in order', async () => {
  const { models, happened } = await serving([{ id: 'a@1' }])
  const loaded = happened.hold('load b@1')
  const first = models.apply(scanOf(serve({ id: 'b@1' })))
  const second = models.apply(scanOf(serve({ id: 'c@1' }), remove('a@1')))
  await happened.until('load b@1')
  loaded()
  await Promise.all([first, second])
  expect(happened.all.slice(0, 5)).toEqual([
    ...['load b@1', 'tell a@1 b@1', 'load c@1', 'tell a@1 b@1 c@1', 'tell b@1 c@1 -a@1'],
  ])
})

describe('a pool that stops', () => {
  test('takes leave and drains all at the same time', async () => {
    const { models, happened } = await serving([{ id: 'a@1' }, { id: 'b@1' }])
    const drained = happened.hold('drain a@1')
    const stopping = models.stop()
    await happened.until('drain b@1')
    expect(happened.all).toEqual(['leave', 'drain a@1', 'drain b@1'])
    drained()
    await stopping
  })

  test('drains what is being loaded as well, and begins nothing more', async () => {
    const { models, happened } = await serving([{ id: 'a@1' }])
    const loaded = happened.hold('load b@1')
    const applying = models.apply(scanOf(serve({ id: 'b@1' }), serve({ id: 'c@1' })))
    await happened.until('load b@1')
    const stopping = models.stop()
    loaded()
    await Promise.all([applying, stopping])
    expect(happened.all).toEqual(['load b@1', 'leave', 'drain a@1', 'drain b@1'])
  })

  test('waits for no queue to become empty', async () => {
    const { models, happened } = await serving([{ id: 'a@1' }, { id: 'b@1' }])
    happened.hold('empty a@1')
    await models.apply(scanOf(remove('a@1')))
    await happened.until('empty a@1')
    await models.stop()
    expect(happened.all.slice(2).sort()).toEqual(['drain a@1', 'drain b@1', 'leave'])
  })

  test('while it starts serves nothing', async () => {
    const { models, happened } = roster()
    const loaded = happened.hold('load a@1')
    const starting = models.start(scanOf(serve({ id: 'a@1' }), serve({ id: 'b@1' })))
    await happened.until('load a@1')
    const stopping = models.stop()
    loaded()
    await Promise.all([starting, stopping])
    expect(happened.all).toEqual(['load a@1', 'leave', 'drain a@1'])
  })
})

test('a model that can serve no more is told of', async () => {
  const { models, broken } = await serving([{ id: 'a@1' }])
  broken.get('a@1')?.(new Error('its instance was lost'))
  expect(await models.broken).toMatchObject({ message: 'its instance was lost' })
})
