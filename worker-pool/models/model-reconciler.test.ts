import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../../shared/read-configuration.ts'
import { RedisReplyError } from '../../shared/redis-commands.ts'
import { temporaryFolder, writePackage, writePackageInto } from '../../test/support/package-folders.ts'
import { scannedRepository } from '../../test/support/scanned-repository.ts'
import { nameOf, tellingRoster } from '../../test/support/telling-roster.ts'
import { ModelPackageError } from './model-package.ts'
import { type ModelNews, ModelReconciler } from './model-reconciler.ts'
import type { ModelSelection } from './model-selection.ts'
import { PackageChangedError } from './package-change.ts'

const running = () => new AbortController().signal

/** A real repository, and a roster that only tells what it does; `bad`: what loading throws, by `name@version`. */
async function reconciler(bad: Record<string, Error> = {}, selection: Partial<ModelSelection> = {}) {
  const { root, clock, models: repository } = await scannedRepository(selection)
  const { models: roster, happened } = tellingRoster({ bad })
  const news: ModelNews[] = []
  const onNews = (one: ModelNews) => news.push(one)
  const models = new ModelReconciler({ repository, roster, log: pino({ enabled: false }), onNews })
  const loaded = () => happened.all.filter((what) => what.startsWith('load '))
  return { root, clock, roster, models, news, happened, loaded, served: () => roster.manifests.map(nameOf) }
}

describe('at the start', () => {
  test('all that there is is loaded, and each version told of as soon as it serves', async () => {
    const { root, models, happened } = await reconciler()
    for (const id of ['a@1', 'b@1']) await writePackage(root, id)
    await models.start(running())
    expect(happened.all).toEqual(['load a@1', 'tell a@1', 'load b@1', 'tell a@1 b@1'])
  })

  test('what will not do is told of, and does not keep the rest from being served', async () => {
    const { root, models, served } = await reconciler({ 'a@1': new ModelPackageError('a is bad') })
    for (const id of ['a@1', 'b@1']) await writePackage(root, id)
    const json = join(await writePackage(root, 'c@1', { files: { 'model.json': '{' } }), 'model.json')
    expect(await models.start(running())).toEqual([`${json}: is not JSON`, 'a is bad'])
    expect(served()).toEqual(['b@1'])
  })

  test('a package that was changed while it was loaded is waited for', async () => {
    const bad: Record<string, Error> = { 'a@1': new PackageChangedError('changed') }
    const { root, clock, models, loaded, served } = await reconciler(bad)
    await writePackage(root, 'a@1')
    clock.onWake = () => {
      if (loaded().length > 0) delete bad['a@1']
    }
    await models.start(running())
    expect(loaded()).toEqual(['load a@1', 'load a@1'])
    expect(served()).toEqual(['a@1'])
  })

  test('a folder whose copy of a version is bad leaves it to another', async () => {
    const folders = await Promise.all(
      ['a', 'b'].map(async (name) => writePackageInto(join(await temporaryFolder(), name), 'm@1')),
    )
    const bad: Record<string, Error> = { 'm@1': new ModelPackageError('bad') }
    const { clock, models, served } = await reconciler(bad, { repository: undefined, folders })
    clock.onWake = () => {
      delete bad['m@1']
    }
    await models.start(running())
    expect(served()).toEqual(['m@1'])
  })

  test('nothing is thrown when it is time to stop', async () => {
    const { root, models } = await reconciler({ 'a@1': new ModelPackageError('a is bad') })
    await writePackage(root, 'a@1')
    await models.start(AbortSignal.abort())
  })
})

describe('a pool that can serve nothing', () => {
  test('says every reason', async () => {
    const { root, models } = await reconciler({
      'a@1': new ModelPackageError('a is bad'),
      'b@1': new ConfigurationError('cuda is not there'),
    })
    for (const id of ['a@1', 'b@1']) await writePackage(root, id)
    const json = join(await writePackage(root, 'c@1', { files: { 'model.json': '{' } }), 'model.json')
    const starting = models.start(running())
    await expect(starting).rejects.toThrow(ModelPackageError)
    await expect(starting).rejects.toThrow(
      `no model package can be served:\n- ${json}: is not JSON\n- a is bad\n- cuda is not there`,
    )
  })

  test.each([
    new ModelPackageError('a is bad'),
    new ConfigurationError('cuda is not there'),
    new RedisReplyError('OOM'),
  ])('for one reason alone throws it as it is: $name', async (reason) => {
    const { root, models } = await reconciler({ 'a@1': reason })
    await writePackage(root, 'a@1')
    await expect(models.start(running())).rejects.toBe(reason)
  })

  test('for reasons of which one may pass does not say that it will always be so', async () => {
    const { root, models } = await reconciler({
      'a@1': new ModelPackageError('a is bad'),
      'b@1': new RedisReplyError('OOM'),
    })
    for (const id of ['a@1', 'b@1']) await writePackage(root, id)
    await expect(models.start(running())).rejects.toMatchObject({
      name: 'Error',
      message: 'no model package can be served:\n- a is bad\n- OOM',
    })
  })

  test('as there is none says so', async () => {
    const { root, models } = await reconciler()
    await expect(models.start(running())).rejects.toThrow(`${root}: holds no folders name/version`)
  })
})

test('a version that replaces another and cannot be loaded leaves that served', async () => {
  const folder = await writePackageInto(join(await temporaryFolder(), 'mine'), 'm@1')
  const bad: Record<string, Error> = { 'm@2': new ModelPackageError('no graph') }
  const { clock, models, loaded, served } = await reconciler(bad, {
    repository: undefined,
    folders: [folder],
  })
  await models.start(running())
  await writePackageInto(folder, 'm@2')
  const stop = new AbortController()
  let wakes = 0
  clock.onWake = () => {
    if (++wakes === 20) stop.abort()
  }
  await models.run(stop.signal)
  expect(loaded()).toEqual(['load m@1', 'load m@2'])
  expect(served()).toEqual(['m@1'])
})

test('what is taken up, withdrawn or cannot be served after the start is news, and what was there at the start is not', async () => {
  const bad = { 'c@1': new ModelPackageError('no graph') }
  const { root, clock, models, news } = await reconciler(bad)
  await writePackage(root, 'a@1')
  await models.start(running())
  expect(news).toEqual([])
  for (const id of ['b@1', 'c@1']) await writePackage(root, id)
  await rm(join(root, 'a'), { recursive: true })
  const stop = new AbortController()
  let wakes = 0
  clock.onWake = () => {
    if (++wakes === 20) stop.abort()
  }
  await models.run(stop.signal)
  expect(news).toHaveLength(3)
  expect(news).toEqual(
    expect.arrayContaining([
      { what: 'serves', model: 'b@1' },
      { what: 'withdrawn', model: 'a@1' },
      { what: 'cannot be served', reason: 'no graph' },
    ]),
  )
})
