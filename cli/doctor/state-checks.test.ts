import { expect, test } from 'vitest'
import type { PoolState, ServiceState, VersionState } from '../stats/service-state.ts'
import { stateChecks } from './state-checks.ts'

const idle: VersionState = {
  ...{ name: 'm', version: '1', backlog: { high: 0, normal: 0, low: 0 }, oldest_waiting_seconds: null },
  ...{ drain_rate: 10, pools: ['p'] },
}
const ok: PoolState = {
  ...{
    id: 'p',
    models: ['m@1'],
    device: 'cuda: L4',
    in_flight: 0,
    images_per_second: 0,
    busy: {},
    started_at: null,
  },
  ...{ state: 'ok', running_for_seconds: 0, last_settled_at: null },
}
const well: ServiceState = {
  ...{ models: [idle], pools: [ok] },
  redis: { used_memory_bytes: 79, max_memory_bytes: 100 },
}

/** `state name` of all that is not well. */
function findings(changes: Partial<ServiceState>): string[] {
  return stateChecks({ ...well, ...changes }).flatMap(({ name, state, fix }) => {
    // Whoever is told of something is told what to do.
    expect(fix === undefined).toBe(state === 'ok')
    return state === 'ok' ? [] : [`${state} ${name}`]
  })
}

test.each<[what: string, changes: Partial<ServiceState>, found: string[]]>([
  ['all is well', {}, []],
  [
    'a pool is stuck',
    { pools: [ok, { ...ok, state: 'stuck', running_for_seconds: 400 }] },
    ['missing pools'],
  ],
  ['a pool is slow', { pools: [{ ...ok, state: 'slow' }] }, ['warning pools']],
  ['there is no pool', { pools: [] }, ['warning pools']],
  [
    'jobs wait for a version that nobody serves',
    { models: [idle, { ...idle, version: '2', backlog: { high: 1, normal: 0, low: 0 }, pools: [] }] },
    ['warning model m@2'],
  ],
  ['a version that nobody wants is not served', { models: [idle, { ...idle, version: '2', pools: [] }] }, []],
  ['one of two pools has no GPU', { pools: [ok, { ...ok, device: 'cpu' }] }, ['warning devices']],
  [
    'pools of unlike models run on unlike devices',
    { pools: [ok, { ...ok, models: ['n@1'], device: 'cpu' }] },
    [],
  ],
  [
    'Redis is nearly full',
    { redis: { used_memory_bytes: 80, max_memory_bytes: 100 } },
    ["warning Redis' room"],
  ],
  ['Redis has no limit', { redis: { used_memory_bytes: 80, max_memory_bytes: null } }, []],
  ['there are dead letters', { dead_letters: { total: 1 } }, ['warning dead letters']],
])('%s', (_, changes, found) => {
  expect(findings(changes)).toEqual(found)
})
