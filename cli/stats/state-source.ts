import type { Environment } from '../environment.ts'
import { namesRedis, withRedis } from '../redis/with-redis.ts'
import { type Edge, withEdge } from '../service/with-edge.ts'
import type { Terminal } from '../terminal.ts'
import { UserError } from '../user-error.ts'
import { readRedisState } from './redis-state.ts'
import { type ServiceState, serviceStateSchema } from './service-state.ts'

/** Where it is told how the service is. */
export interface StateSource {
  /** For people. */
  place: string
  /** Throws UserError, and the signal's reason where there is one and it aborts. */
  read: (signal?: AbortSignal) => Promise<ServiceState>
}

/** For `--help`. */
export const SOURCE_DETAILS =
  'Asks the edge (EDGEBATCH_URL, with the key of an administrator in EDGEBATCH_API_KEY). Where neither is set and REDIS_URL or UPSTASH_REDIS_REST_URL is, it looks into that Redis itself.'

/** An edge if the environment names one, or a Redis if it names that alone; otherwise the edge on this machine. Throws UserError. */
export function withStateSource<T>(
  environment: Environment,
  terminal: Terminal,
  work: (source: StateSource) => Promise<T>,
): Promise<T> {
  const { EDGEBATCH_URL, EDGEBATCH_API_KEY, EDGEBATCH_API_KEY_FILE } = environment
  if (!(EDGEBATCH_URL || EDGEBATCH_API_KEY || EDGEBATCH_API_KEY_FILE) && namesRedis(environment))
    return withRedis(environment, terminal, (redis, keys) =>
      work({ place: `Redis at ${redis.host}`, read: () => readRedisState(redis, keys) }),
    )
  return withEdge(environment, terminal, (edge) =>
    work({ place: edge.host, read: (signal = terminal.stopped) => readEdgeState(edge, signal) }),
  )
}

async function readEdgeState({ brisk, host, explained }: Edge, signal: AbortSignal): Promise<ServiceState> {
  const answer = await brisk.stats({ signal }).catch((error: unknown) => {
    throw explained(error)
  })
  const parsed = serviceStateSchema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new UserError(
    `${host} tells its state in a form that is not known here; use the edgebatch of its version`,
  )
}
