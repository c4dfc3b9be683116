import { fetch, type Response } from 'undici'
import { DatabaseRefusedError } from '../../shared/chosen-database.ts'
import { type Clock, systemClock } from '../../shared/clock.ts'
import { RedisUnreachableError } from '../../shared/redis-commands.ts'
import { withinTime } from '../../shared/within-time.ts'
import { connectRedis } from '../../worker-pool/redis/redis-connection.ts'
import { proxyDispatcher } from '../proxy-dispatcher.ts'
import { reasonOf, UnavailableError, UserError } from '../user-error.ts'

/** One Redis, commands one after the other. To be closed. */
export interface RedisCommander {
  /** Host and port, for people. */
  readonly host: string
  /** Throws UserError, in one line, if Redis cannot be reached or refuses. */
  send: (...command: string[]) => Promise<unknown>
  close: () => Promise<void>
}

/** How long Redis may owe an answer. */
const SILENCE_MS = 10_000

/** Over TCP. `url`: redis:// or rediss://. Throws UserError if Redis does not answer. `stopped` ends the connection. */
export async function commandOverTcp(url: string, stopped: AbortSignal): Promise<RedisCommander> {
  const { host } = new URL(url)
  const redis = await connectRedis(url, { maxRetriesPerRequest: 0, socketTimeout: SILENCE_MS }).catch(
    (error: unknown) => {
      if (error instanceof DatabaseRefusedError) throw new UserError(reasonOf(error), { cause: error })
      if (error instanceof RedisUnreachableError)
        throw new UnavailableError(`${reasonOf(error)}; start Redis, or correct REDIS_URL`)
      throw error
    },
  )
  // A connection that is lost fails the command that is under way, which says so.
  redis.on('error', () => {})
  const disconnect = () => redis.disconnect()
  stopped.addEventListener('abort', disconnect)
  return {
    host,
    send: (command = '', ...args) => redis.call(command, ...args).catch(refused),
    close: async () => {
      stopped.removeEventListener('abort', disconnect)
      disconnect()
    },
  }

  function refused(error: unknown): never {
    if (error instanceof Error && error.name === 'ReplyError')
      throw new UserError(refusal(host, error.message))
    throw new UnavailableError(`the connection to Redis at ${host} was lost: ${reasonOf(error)}`)
  }
}

/** Over Upstash's REST protocol, through the proxy that the environment names, if it does. */
export function commandOverRest(
  url: string,
  token: string,
  stopped: AbortSignal,
  clock: Pick<Clock, 'sleep'> = systemClock,
): RedisCommander {
  const { host } = new URL(url)
  const dispatcher = proxyDispatcher()
  return {
    host,
    send: async (...command) => {
      const answer = await withinTime(SILENCE_MS, clock, (late) => ask(command, late)).catch(unreachable)
      return resultOf(host, answer)
    },
    close: () => dispatcher.close(),
  }

  async function ask(command: readonly string[], late: AbortSignal): Promise<RestAnswer> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(command),
      // The token is for this address alone.
      redirect: 'error',
      dispatcher,
      signal: AbortSignal.any([stopped, late]),
    })
    return { response, text: await response.text() }
  }

  function unreachable(error: unknown): never {
    const cause = error instanceof Error ? (error.cause ?? error) : error
    throw new UnavailableError(
      `cannot reach Redis at ${host}: ${reasonOf(cause)}; start the gateway, or correct UPSTASH_REDIS_REST_URL`,
    )
  }
}

interface RestAnswer {
  response: Response
  /** Its body. */
  text: string
}

function resultOf(host: string, { response, text }: RestAnswer): unknown {
  const { result, error } = parsed(text)
  if (response.status === 401 || response.status === 403)
    throw new UserError(`${host} does not take this UPSTASH_REDIS_REST_TOKEN`)
  if (typeof error === 'string') throw new UserError(refusal(host, error))
  if (response.ok && result !== undefined) return result
  throw new UserError(`what answers at ${host} is no Redis over REST (HTTP ${response.status})`)
}

/** Has neither where it is no answer of the protocol's. */
function parsed(text: string): { result?: unknown; error?: unknown } {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}

/** Upstash repeats the whole command behind its reason. */
function refusal(host: string, reason: string): string {
  return `Redis at ${host} refuses: ${reasonOf(reason.replace(/, command was: .*/s, ''))}`
}
