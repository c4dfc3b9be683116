import { DatabaseRefusedError } from '../../shared/chosen-database.ts'
import { systemClock } from '../../shared/clock.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import type { Check } from '../../worker-pool/machine/doctor/check.ts'
import type { Environment } from '../environment.ts'
import { commandOverRest, commandOverTcp, type RedisCommander } from '../redis/redis-commands.ts'
import { namesRedis, type RedisSettings, readRedisSettings } from '../redis/with-redis.ts'
import { readEdgeSettings } from '../service/edge-settings.ts'
import { withEdge } from '../service/with-edge.ts'
import { readRedisState } from '../stats/redis-state.ts'
import { type ServiceState, serviceStateSchema } from '../stats/service-state.ts'
import type { Terminal } from '../terminal.ts'
import { reasonOf, UserError } from '../user-error.ts'
import { edgeChecks } from './edge-checks.ts'
import { gatewayChecks, pushCheck, type RestAddress } from './gateway-checks.ts'
import { redisChecks } from './redis-checks.ts'
import { redisUserChecks } from './redis-user-checks.ts'
import { stateChecks } from './state-checks.ts'

interface Found {
  checks: Check[]
  /** How the service is, if that was told. */
  state?: ServiceState | undefined
  /** Of the Redis that was looked into. */
  runId?: string | undefined
}

/** Looks at all of a deployment that the environment names, and changes nothing. Throws UsageError where that is wrong itself. */
export async function examine(
  environment: Environment,
  terminal: Terminal,
  version: string,
): Promise<Check[]> {
  const settings = readRedisSettings(environment)
  const edge = await examineEdge(environment, terminal, version)
  const redis = await examineRedis(settings, terminal.stopped)
  const state = edge.state ?? redis.state
  const checks = [...redis.checks, ...edge.checks]
  return [...checks, ...(state ? stateChecks(state) : [untold(checks, namesRedis(environment))])]
}

/** Why is the others' to say, if anything is wrong with them; otherwise nobody who may know was asked. */
function untold(others: readonly Check[], redisIsNamed: boolean): Check {
  const check: Check = { name: 'pools', state: 'warning', needed: false, found: 'nobody tells of them' }
  if (others.some(({ state }) => state === 'missing'))
    return { ...check, fix: 'mend what is missing above, and run edgebatch doctor again' }
  const redis = redisIsNamed ? 'name a Redis user in REDIS_URL who may read all' : 'set REDIS_URL'
  return { ...check, fix: `set EDGEBATCH_API_KEY to a key that was made with --admin, or ${redis}` }
}

async function examineEdge(environment: Environment, terminal: Terminal, version: string): Promise<Found> {
  const { url, apiKey } = await readEdgeSettings(environment)
  const work = () =>
    withEdge(environment, terminal, async (edge): Promise<Found> => {
      const { stopped } = terminal
      const asked = { ...edge, url, hasKey: apiKey !== undefined, version, stopped }
      const checks = await edgeChecks(asked, systemClock)
      // Who is no administrator is not told; that is no finding.
      const stats = await edge.brisk.stats({ signal: stopped }).catch(() => undefined)
      return { checks, state: serviceStateSchema.safeParse(stats).data }
    })
  return orFailed('edge', 'start it (edgebatch start), or correct EDGEBATCH_URL', terminal.stopped, work)
}

async function examineRedis(settings: RedisSettings, stopped: AbortSignal): Promise<Found> {
  const { REDIS_URL, UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = settings
  const keys = new RedisKeys(settings.KEY_PREFIX)
  const direct = REDIS_URL === undefined ? undefined : await examineDirectly(REDIS_URL, keys, stopped)
  if (url === undefined || token === undefined) return direct ?? UNNAMED
  const gateway = await examineGateway({ url, token }, keys, direct, stopped)
  return {
    checks: [...(direct?.checks ?? []), ...gateway.checks],
    state: direct?.state ?? gateway.state,
  }
}

function examineDirectly(url: string, keys: RedisKeys, stopped: AbortSignal): Promise<Found> {
  return orFailed('Redis', 'start Redis, or correct REDIS_URL', stopped, async () => {
    const redis = await commandOverTcp(url, stopped)
    return lookInto(redis, keys).finally(redis.close)
  })
}

/** `direct`: what was found in the Redis of the pools; undefined where that cannot be reached, as behind Upstash's REST. */
function examineGateway(
  address: RestAddress,
  keys: RedisKeys,
  direct: Found | undefined,
  stopped: AbortSignal,
): Promise<Found> {
  return orFailed('gateway', GATEWAY_FIX, stopped, async () => {
    const rest = commandOverRest(address.url, address.token, stopped)
    try {
      const own = [...(await gatewayChecks(rest, { runId: direct?.runId })), await pushCheck(address, keys)]
      if (direct) return { checks: own }
      const { checks, state } = await lookInto(rest, keys)
      return { checks: [...own, ...checks], state }
    } finally {
      await rest.close()
    }
  })
}

const GATEWAY_FIX =
  'start the gateway, or correct UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN; the token is the GATEWAY_TOKEN of the gateway'

const UNNAMED: Found = {
  checks: [
    {
      ...{
        name: 'Redis',
        state: 'warning',
        needed: false,
        found: 'not looked at: the environment names none',
      },
      fix: 'set REDIS_URL, or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN',
    },
  ],
}

async function lookInto(redis: RedisCommander, keys: RedisKeys): Promise<Found> {
  const { checks, runId } = await redisChecks(redis, systemClock)
  const users = await redisUserChecks(redis, keys.prefix)
  // A pool's user may not; then the edge may tell.
  const state = await readRedisState(redis, keys).catch(() => undefined)
  return { checks: [...checks, ...users], state, runId }
}

/** What fails is a finding as any other. */
async function orFailed(
  name: string,
  fix: string,
  stopped: AbortSignal,
  work: () => Promise<Found>,
): Promise<Found> {
  try {
    return await work()
  } catch (error) {
    if (stopped.aborted || !(error instanceof UserError)) throw error
    const { cause } = error
    if (cause instanceof DatabaseRefusedError)
      return { checks: [{ name, state: 'missing', needed: true, found: cause.found, fix: cause.fix }] }
    // What follows is what to do, of which `fix` says more.
    const [found = ''] = reasonOf(error).split('; ')
    return { checks: [{ name, state: 'missing', needed: true, found, fix }] }
  }
}
