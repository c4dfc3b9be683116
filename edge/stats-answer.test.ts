import { expect, test } from 'vitest'
import type { KnownModel } from '../shared/announcement.ts'
import type { LivePool } from '../shared/statistics.ts'
import { knownModel } from '../test/support/known-models.ts'
import type { ListedModel } from './model-directory.ts'
import { statsAnswer } from './stats-answer.ts'

const pool = (id: string, models: string[], state: LivePool['state'] = 'ok'): LivePool => ({
  ...{ id, models, device: null, inFlight: null, imagesPerSecond: null, busy: {}, recent: {}, state },
  ...{ startedAt: null, runningMs: null, lastSettledAt: null, idleMs: null },
})

function answer(versions: KnownModel[], pools: LivePool[]) {
  const byName = Map.groupBy(versions, ({ manifest }) => manifest.name)
  const models: ListedModel[] = [...byName].map(([name, some]) => ({
    name,
    versions: some,
    default: some[0],
  }))
  const queue = { backlog: { high: 0, normal: 0, low: 0 }, oldestWaitingMs: null, accepted: 0 }
  const statistics = {
    ...{
      nowMs: 1_000_000,
      pools,
      queues: versions.map(() => queue),
      memory: null,
      deadLetters: {},
      snapshots: [],
    },
  }
  return statsAnswer({ models, versions, statistics }, 0).models.map(({ state, pools }) => [state, pools])
}

test('a version is as the best of the pools that serve it, and is told with all of them', () => {
  const versions = ['1', '2', '3', '4'].map((version) => knownModel('m', version))
  const pools = [
    pool('a', ['m@1', 'm@2', 'm@2'], 'stuck'),
    pool('b', ['m@2', 'm@3'], 'slow'),
    // An older pool, which does not say.
    pool('c', ['m@3'], null),
  ]
  expect(answer([...versions, knownModel('n', '1')], pools)).toEqual([
    ['stuck', ['a']],
    ['slow', ['a', 'b']],
    ['live', ['b', 'c']],
    ['retiring', []],
    ['waiting', []],
  ])
})
