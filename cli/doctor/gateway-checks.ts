import { fetch } from 'undici'
import { systemClock } from '../../shared/clock.ts'
import type { RedisKeys } from '../../shared/redis-keys.ts'
import type { Check } from '../../worker-pool/machine/doctor/check.ts'
import { proxyDispatcher } from '../proxy-dispatcher.ts'
import type { RedisCommander } from '../redis/redis-commands.ts'
import { reasonOf } from '../user-error.ts'
import { redisChecks } from './redis-checks.ts'

/** What the edge is told Redis by: Upstash, or our gateway. */
export interface RestAddress {
  url: string
  token: string
}

/** How long a stream may take to begin. */
const SILENCE_MS = 10_000
/** Text that comes back the same only if nothing on the way takes it for anything but UTF-8. */
const ECHOED = 'edgebatch – ünïcödé ✓'

/**
 * Whether the edge gets through to Redis: token, commands and scripts, and that it is the Redis that
 * the pools have. Throws UserError.
 */
export async function gatewayChecks(
  rest: RedisCommander,
  pools: { runId: string | undefined },
): Promise<Check[]> {
  const name = 'gateway'
  await rest.send('PING')
  const echoed = await rest.send('EVAL', 'return ARGV[1]', '0', ECHOED)
  if (echoed !== ECHOED)
    return [
      {
        ...{
          name,
          state: 'missing',
          needed: true,
          found: `${rest.host} does not give back what a script returns`,
        },
        fix: 'let UPSTASH_REDIS_REST_URL name an Upstash database or an edgebatch gateway, with no proxy that changes bodies',
      },
    ]
  const own: Check = {
    name,
    state: 'ok',
    needed: true,
    found: `${rest.host} takes the token, commands and scripts`,
  }
  const { runId } = await redisChecks(rest, systemClock)
  if (runId === undefined || pools.runId === undefined || runId === pools.runId) return [own]
  return [
    own,
    {
      ...{ name: "gateway's Redis", state: 'missing', needed: true },
      found: `${rest.host} leads to another Redis than REDIS_URL: what the edge enqueues, no pool there sees`,
      fix: 'let the REDIS_URL of gateway and pools name the same Redis',
    },
  ]
}

/** Whether a result is told as soon as it is there. The edge does without, and looks for it. */
export async function pushCheck({ url, token }: RestAddress, keys: RedisKeys): Promise<Check> {
  const check = { name: "gateway's push", needed: false }
  const fix =
    'slow results come up to some seconds later; if there is a proxy before it, have it pass on event streams unbuffered'
  const given = new AbortController()
  const dispatcher = proxyDispatcher()
  const signal = AbortSignal.any([given.signal, AbortSignal.timeout(SILENCE_MS)])
  try {
    const channel = encodeURIComponent(keys.done('doctor', crypto.randomUUID()))
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' }
    const answer = await fetch(`${url.replace(/\/+$/, '')}/subscribe/${channel}`, {
      headers,
      signal,
      redirect: 'error',
      dispatcher,
    })
    if (!answer.ok || !answer.body)
      return { ...check, state: 'warning', found: `/subscribe answers ${answer.status}`, fix }
    for await (const chunk of answer.body) {
      if (!new TextDecoder().decode(chunk).includes('subscribe,')) continue
      return { ...check, state: 'ok', found: '/subscribe tells results as they come' }
    }
    return { ...check, state: 'warning', found: '/subscribe ends at once', fix }
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error
    return { ...check, state: 'warning', found: `/subscribe does not begin: ${reasonOf(cause)}`, fix }
  } finally {
    given.abort()
    await dispatcher.destroy()
  }
}
