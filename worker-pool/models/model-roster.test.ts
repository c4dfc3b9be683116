import { describe, expect, test } from 'vitest'
import { RedisReplyError } from '../../shared/redis-commands.ts'
import { nameOf, remove, rosterServing, serve, tellingRoster } from '../../test/support/telling-roster.ts'
import { ModelPackageError } from './model-package.ts'

describe('what became of each offer', () => {
  test('is told with the very error, and what will not do keeps nothing else from being served', async () => {
    const bad = { 'a@1': new ModelPackageError('a is bad'), 'b@1': new RedisReplyError('OOM') }
    const { models } = tellingRoster({ bad })
    const offers = ['a@1', 'b@1', 'c@1'].map((id) => serve({ id }))
    const outcomes = await models.apply(offers)
    expect(outcomes.map(({ offer }) => offer)).toEqual(offers)
    expect(outcomes.map(({ error }) => error)).toEqual([bad['a@1'], bad['b@1'], undefined])
    expect(models.manifests.map(nameOf)).toEqual(['c@1'])
  })

  test('is good even if the old copy did not end well', async () => {
    const { models, happened } = await rosterServing([{ id: 'm@1', copy: 'old' }])
    happened.fail('drain m@1old', new Error('its instance was lost'))
    const [outcome] = await models.apply([serve({ id: 'm@1', copy: 'new' })])
    expect(outcome?.error).toBeUndefined()
  })
})

describe('a version that takes the place of another in its folder', () => {
  test('serves before the other is withdrawn', async () => {
    const { models, happened } = await rosterServing([{ id: 'm@1' }])
    await models.apply([serve({ id: 'm@2', replaces: 'm@1' })])
    await happened.until('drain m@1')
    expect(happened.all).toEqual([
      ...['load m@2', 'tell m@1 m@2', 'tell m@2 -m@1'],
      ...['empty m@1', 'drain m@1'],
    ])
  })

  test('and cannot be loaded leaves the other served', async () => {
    const bad = { 'm@2': new ModelPackageError('its graph is bad') }
    const { models, happened } = await rosterServing([{ id: 'm@1' }], { bad })
    await models.apply([serve({ id: 'm@2', replaces: 'm@1' })])
    expect(happened.all).toEqual(['load m@2'])
    expect(models.manifests.map(nameOf)).toEqual(['m@1'])
  })
})

describe('another copy of a version', () => {
  test('serves before the old one ends', async () => {
    const { models, happened } = await rosterServing([{ id: 'm@1', copy: 'old' }])
    await models.apply([serve({ id: 'm@1', copy: 'new' })])
    expect(happened.all).toEqual(['load m@1new', 'tell m@1new', 'drain m@1old'])
  })

  test('that cannot be loaded changes nothing', async () => {
    const { models, happened } = await rosterServing([{ id: 'm@1', copy: 'old' }], {
      bad: { 'm@1new': new ModelPackageError('bad') },
    })
    await models.apply([serve({ id: 'm@1', copy: 'new' })])
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
    const { models, happened } = await rosterServing([{ id: 'm@1', copy: 'old', changes: before }])
    await models.apply([serve({ id: 'm@1', copy: 'new', changes: after })])
    expect(happened.all).toEqual([])
    expect(models.manifests.map(nameOf)).toEqual(['m@1old'])
  })
})

function resizeTo(side: number) {
  return { mode: 'stretch', size: side, crop: side, kernel: 'triangle' }
}

test('changes are applied one at a time, in order', async () => {
  const { models, happened } = await rosterServing([{ id: 'a@1' }])
  const loaded = happened.hold('load b@1')
  const first = models.apply([serve({ id: 'b@1' })])
  const second = models.apply([serve({ id: 'c@1' }), remove('a@1')])
  await happened.until('load b@1')
  loaded()
  await Promise.all([first, second])
  expect(happened.all.slice(0, 5)).toEqual([
    ...['load b@1', 'tell a@1 b@1', 'load c@1', 'tell a@1 b@1 c@1', 'tell b@1 c@1 -a@1'],
  ])
})

test('a model that can serve no more is told of', async () => {
  const { models, broken } = await rosterServing([{ id: 'a@1' }])
  broken.get('a@1')?.(new Error('its instance was lost'))
  expect(await models.broken).toMatchObject({ message: 'its instance was lost' })
})
