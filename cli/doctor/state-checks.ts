import type { Check } from '../../worker-pool/machine/doctor/check.ts'
import { jobsOf, type PoolState, type ServiceState } from '../stats/service-state.ts'
import { duration, memory } from '../stats/state-text.ts'

/** From so much of Redis' memory on, it will soon refuse jobs. */
const FULL_SHARE = 0.8

/** Pools, what they run on, what waits for none, and how full Redis is. */
export function stateChecks(state: ServiceState): Check[] {
  return [
    poolsCheck(state),
    ...unservedChecks(state),
    ...deviceChecks(state.pools),
    ...roomChecks(state),
    ...letterChecks(state),
  ]
}

function poolsCheck({ pools }: ServiceState): Check {
  const check = { name: 'pools', needed: true }
  const named = (some: readonly PoolState[]) =>
    some.map(({ id, running_for_seconds: seconds }) => `${id} for ${duration(seconds)}`).join(', ')
  const stuck = pools.filter(({ state }) => state === 'stuck')
  const slow = pools.filter(({ state }) => state === 'slow')
  if (pools.length === 0)
    return {
      ...{ ...check, state: 'warning', found: 'none lives' },
      fix: 'start one (npm run worker-pool), unless jobs that wait start yours',
    }
  if (stuck.length > 0)
    return {
      ...{ ...check, state: 'missing', found: `stuck in a run of a model: ${named(stuck)}` },
      fix: 'replace them: restart the process, or the machine; their jobs are taken over',
    }
  if (slow.length > 0)
    return {
      ...{ ...check, state: 'warning', found: `slower than they were: ${named(slow)}` },
      fix: 'see what else these machines do, and whether they come to be stuck',
    }
  return { ...check, state: 'ok', found: `${pools.length} live, and get on` }
}

/** Versions for which jobs wait, and that no pool serves. */
function unservedChecks({ models }: ServiceState): Check[] {
  return models
    .filter((version) => version.pools.length === 0 && jobsOf(version) > 0)
    .map((version) => ({
      ...{ name: `model ${version.name}@${version.version}`, state: 'warning', needed: false },
      found: `${jobsOf(version)} jobs wait, and no pool serves it`,
      fix: 'start a pool that does, before their deadlines; unless it is starting',
    }))
}

/** A version that some pools run on a GPU and others do not: the slow ones hold up what they take. */
function deviceChecks(pools: readonly PoolState[]): Check[] {
  const devices = Map.groupBy(pools, ({ device }) => device ?? 'unknown')
  const name = 'devices'
  if (devices.size === 0) return []
  const found = [...devices].map(([device, some]) => `${some.length} on ${device}`).join(', ')
  const versions = [...new Set(pools.flatMap(({ models }) => models))]
  const isMixed = versions.some((version) => {
    const serving = pools.filter(({ models }) => models.includes(version))
    const onCpu = serving.filter(({ device }) => device === 'cpu')
    return onCpu.length > 0 && onCpu.length < serving.length
  })
  if (!isMixed) return [{ name, state: 'ok', needed: false, found }]
  const fix = 'if those on cpu have a GPU, see there: edgebatch doctor --machine'
  return [
    { name, state: 'warning', needed: false, found: `the same model runs on unlike ones: ${found}`, fix },
  ]
}

function roomChecks({ redis }: ServiceState): Check[] {
  if (!redis?.max_memory_bytes) return []
  const check = { name: "Redis' room", needed: false, found: memory(redis) }
  if (redis.used_memory_bytes < FULL_SHARE * redis.max_memory_bytes) return [{ ...check, state: 'ok' }]
  return [
    { ...check, state: 'warning', fix: 'raise maxmemory, add pools, or lower MAX_BACKLOG_MIB of the edge' },
  ]
}

function letterChecks({ dead_letters: letters }: ServiceState): Check[] {
  if (!letters || letters.total === 0) return []
  const found = `${letters.total} jobs have lost their last attempt`
  return [
    {
      name: 'dead letters',
      state: 'warning',
      needed: false,
      found,
      fix: 'npx edgebatch dlq list shows them',
    },
  ]
}
