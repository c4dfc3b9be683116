import { describe, expect, test } from 'vitest'
import { remove, rosterServing, serve, tellingRoster } from '../../test/support/telling-roster.ts'
import type { WithdrawalEnd } from './withdrawals.ts'

describe('a version that is removed', () => {
  test('is withdrawn at once, and served until no edge knows it and its queue is empty', async () => {
    const { models, happened, clock } = await rosterServing([{ id: 'm@1' }, { id: 'm@2' }])
    await models.apply([remove('m@1')])
    await happened.until('drain m@1')
    expect(happened.all).toEqual(['tell m@2 -m@1', 'empty m@1', 'drain m@1'])
    expect(clock.sleeps).toEqual([30_000])
  })

  test('is left to other pools, where there are any', async () => {
    const { models, happened, clock } = await rosterServing([{ id: 'm@1' }, { id: 'm@2' }], {
      withdrawals: { 'm@1': Promise.resolve('kept') },
    })
    await models.apply([remove('m@1')])
    await happened.until('drain m@1')
    expect(happened.all).toEqual(['tell m@2 -m@1', 'drain m@1'])
    expect(clock.sleeps).toEqual([])
  })

  test('is served on until it is known whether other pools are alive', async () => {
    const withdrawal = Promise.withResolvers<WithdrawalEnd>()
    const { models, happened, clock } = await rosterServing([{ id: 'm@1' }, { id: 'm@2' }], {
      withdrawals: { 'm@1': withdrawal.promise },
    })
    await models.apply([remove('m@1'), serve({ id: 'm@3' })])
    expect(happened.all).toEqual(['tell m@2 -m@1', 'load m@3', 'tell m@2 m@3'])
    withdrawal.resolve('forgotten')
    await happened.until('drain m@1')
    expect(happened.all.slice(3)).toEqual(['empty m@1', 'drain m@1'])
    expect(clock.sleeps).toEqual([30_000])
  })

  test('does not keep later changes waiting', async () => {
    const { models, happened } = await rosterServing([{ id: 'm@1' }, { id: 'm@2' }])
    const emptied = happened.hold('empty m@1')
    await models.apply([remove('m@1'), serve({ id: 'm@3' })])
    expect(happened.all).toContain('tell m@2 m@3')
    expect(happened.all).not.toContain('drain m@1')
    emptied()
    await happened.until('drain m@1')
  })

  test('and comes back is served anew before what is left of it ends', async () => {
    const { models, happened } = await rosterServing([{ id: 'm@1', copy: 'old' }, { id: 'm@2' }])
    happened.hold('empty m@1old')
    await models.apply([remove('m@1')])
    await models.apply([serve({ id: 'm@1', copy: 'new' })])
    expect(happened.all.filter((what) => !what.startsWith('empty'))).toEqual([
      'tell m@2 -m@1',
      'load m@1new',
      'tell m@2 m@1new',
      'drain m@1old',
    ])
  })

  test('and is not served, as it was bad, is nothing to withdraw', async () => {
    const { models, happened } = await rosterServing([{ id: 'm@1' }])
    await models.apply([remove('m@2')])
    expect(happened.all).toEqual([])
  })

  test('may be the last: the pool goes on, and serves what comes', async () => {
    const { models, happened } = await rosterServing([{ id: 'm@1' }])
    await models.apply([remove('m@1'), serve({ id: 'm@2' })])
    expect(happened.all).toEqual(expect.arrayContaining(['tell -m@1', 'load m@2', 'tell m@2']))
  })
})

describe('a pool that stops', () => {
  test('takes leave and drains all at the same time', async () => {
    const { models, happened } = await rosterServing([{ id: 'a@1' }, { id: 'b@1' }])
    const drained = happened.hold('drain a@1')
    const stopping = models.stop()
    await happened.until('drain b@1')
    expect(happened.all).toEqual(['leave', 'drain a@1', 'drain b@1'])
    drained()
    await stopping
  })

  test('drains what is being loaded as well, and begins nothing more', async () => {
    const { models, happened } = await rosterServing([{ id: 'a@1' }])
    const loaded = happened.hold('load b@1')
    const applying = models.apply([serve({ id: 'b@1' }), serve({ id: 'c@1' })])
    await happened.until('load b@1')
    const stopping = models.stop()
    loaded()
    await Promise.all([applying, stopping])
    expect(happened.all).toEqual(['load b@1', 'leave', 'drain a@1', 'drain b@1'])
  })

  test('waits for no queue to become empty', async () => {
    const { models, happened } = await rosterServing([{ id: 'a@1' }, { id: 'b@1' }])
    happened.hold('empty a@1')
    await models.apply([remove('a@1')])
    await happened.until('empty a@1')
    await models.stop()
    expect(happened.all.slice(2).sort()).toEqual(['drain a@1', 'drain b@1', 'leave'])
  })

  test('while an old copy settles what it holds tells it when to give the rest back', async () => {
    const { models, happened } = await rosterServing([{ id: 'm@1', copy: 'old' }])
    const drained = happened.hold('drain m@1old')
    const applying = models.apply([serve({ id: 'm@1', copy: 'new' })])
    await happened.until('drain m@1old')
    const deadline = new AbortController()
    const stopping = models.stop(deadline.signal)
    await happened.until('drain m@1new')
    expect(happened.all).not.toContain('give back m@1old')
    deadline.abort()
    await happened.until('give back m@1old')
    drained()
    await Promise.all([stopping, applying])
  })

  test('while a version that was removed is drained tells it the same', async () => {
    const { models, happened } = await rosterServing([{ id: 'm@1' }, { id: 'm@2' }])
    const drained = happened.hold('drain m@1')
    await models.apply([remove('m@1')])
    await happened.until('drain m@1')
    const deadline = new AbortController()
    const stopping = models.stop(deadline.signal)
    deadline.abort()
    await happened.until('give back m@1')
    drained()
    await stopping
  })

  test('while it starts serves nothing', async () => {
    const { models, happened } = tellingRoster()
    const loaded = happened.hold('load a@1')
    const starting = models.apply([serve({ id: 'a@1' }), serve({ id: 'b@1' })])
    await happened.until('load a@1')
    const stopping = models.stop()
    loaded()
    await Promise.all([starting, stopping])
    expect(happened.all).toEqual(['load a@1', 'leave', 'drain a@1'])
  })
})
