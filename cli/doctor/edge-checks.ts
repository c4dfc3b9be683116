import { EdgebatchError } from '../../client/edgebatch-error.ts'
import type { Clock } from '../../shared/clock.ts'
import type { ProblemCode } from '../../shared/errors.ts'
import type { Check } from '../../worker-pool/machine/doctor/check.ts'
import { skewCheck } from '../../worker-pool/machine/doctor/redis-check.ts'
import type { Edge } from '../service/with-edge.ts'
import { reasonOf } from '../user-error.ts'

const NO_POOL: ProblemCode = 'no-pool'
const QUEUE_AWAY: ProblemCode = 'queue-unavailable'
/** A Date header tells whole seconds. */
const DATE_TOLERANCE_MS = 2_000

export interface EdgeToCheck extends Pick<Edge, 'brisk' | 'host' | 'get' | 'explained'> {
  url: string
  hasKey: boolean
  /** Of this command line. */
  version: string
  stopped: AbortSignal
}

/** What an edge that answers says of itself, and to whom. Throws UserError if it does so no more. */
export async function edgeChecks(edge: EdgeToCheck, clock: Pick<Clock, 'now'>): Promise<Check[]> {
  return [
    await versionCheck(edge),
    ...(await clockChecks(edge, clock)),
    await readyCheck(edge),
    await keyCheck(edge),
    ...addressChecks(edge),
  ]
}

async function versionCheck({ get, host, version }: EdgeToCheck): Promise<Check> {
  const answer = await get('/openapi.json')
  const document = (await answer.json().catch(() => undefined)) as { info?: { version?: string } } | undefined
  const theirs = document?.info?.version
  const check = { name: 'edge', needed: true, found: `${host}, version ${theirs ?? 'unknown'}` }
  if (theirs === version) return { ...check, state: 'ok' }
  return {
    ...{ ...check, state: 'warning', found: `${check.found}; this is ${version}` },
    fix: 'deploy the edge anew (npm run deploy), or use the edgebatch of its version',
  }
}

/** Nothing where it does not tell its time, as workerd on its own. */
async function clockChecks({ get }: EdgeToCheck, clock: Pick<Clock, 'now'>): Promise<Check[]> {
  const before = clock.now()
  const answer = await get('/health')
  const theirs = Date.parse(answer.headers.get('date') ?? '')
  const ours = (before + clock.now()) / 2
  // What is cut off is half a second, on average.
  return Number.isNaN(theirs) ? [] : [skewCheck(theirs + 500 - ours, "edge's clock", DATE_TOLERANCE_MS)]
}

async function readyCheck({ get }: EdgeToCheck): Promise<Check> {
  const answer = await get('/ready')
  const problem = (await answer.json().catch(() => undefined)) as
    | { code?: ProblemCode; title?: string; detail?: string }
    | undefined
  const check = { name: "edge's readiness", needed: true }
  if (answer.ok) return { ...check, state: 'ok', found: 'a live pool serves a model' }
  // No pools may be what is wanted: machines that are scaled to zero are started by jobs.
  if (problem?.code === NO_POOL)
    return {
      ...{ ...check, state: 'warning', found: problem.detail ?? NO_POOL },
      fix: 'start a worker pool (npm run worker-pool), unless jobs that wait start yours',
    }
  // What the detail says then is for whoever has sent a photo.
  const found = problem?.code ? `${problem.code}: ${problem.title}` : `/ready answers ${answer.status}`
  const fix = problem?.code === QUEUE_AWAY ? QUEUE_FIX : 'see what else is missing: Redis, gateway, pools'
  return { ...check, state: 'missing', found, fix }
}

const QUEUE_FIX =
  'start Redis and the gateway, or correct UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN where the edge runs'

/** Whether a key is asked for, and whether ours is taken. */
async function keyCheck({ brisk, explained, host, hasKey, stopped }: EdgeToCheck): Promise<Check> {
  const check = { name: 'API key', needed: true }
  try {
    const models = await brisk.models({ signal: stopped })
    if (hasKey)
      return { ...check, state: 'ok', found: `is taken, and may use ${models.length} of the models` }
    return isLocal(host)
      ? { ...check, state: 'ok', found: 'none is asked for' }
      : {
          ...{ ...check, state: 'warning', found: 'none is asked for: everybody may send photos' },
          fix: 'unset ALLOW_ANONYMOUS at the edge, and make keys: npx edgebatch keys create',
        }
  } catch (error) {
    stopped.throwIfAborted()
    if (!hasKey && error instanceof EdgebatchError && error.code === 'unauthorized')
      return {
        ...{ ...check, state: 'warning', found: 'one is asked for, so that not all was checked' },
        fix: 'set EDGEBATCH_API_KEY; npx edgebatch keys create --admin makes one that sees all',
      }
    return { ...check, ...failedWith(error, reasonOf(explained(error)), hasKey) }
  }
}

/** Only who is told so has a wrong key; anything else says nothing of keys. */
function failedWith(error: unknown, reason: string, hasKey: boolean): Omit<Check, 'name' | 'needed'> {
  const code = error instanceof EdgebatchError ? error.code : undefined
  if (hasKey && (code === 'unauthorized' || code === 'forbidden'))
    return {
      ...{ state: 'missing', found: reason },
      fix: 'correct EDGEBATCH_API_KEY, or make a key: npx edgebatch keys create',
    }
  const fix = code === QUEUE_AWAY ? QUEUE_FIX : 'see what else is missing'
  return { state: 'missing', found: `could not be checked: ${reason}`, fix }
}

function addressChecks({ url, host, hasKey }: EdgeToCheck): Check[] {
  if (!url.startsWith('http:') || isLocal(host)) return []
  const found = `${url} is not encrypted: ${hasKey ? 'the API key and' : ''} photos can be read on the way`
  return [
    {
      name: "edge's address",
      state: 'warning',
      needed: false,
      found,
      fix: 'put TLS before it, and https:// into EDGEBATCH_URL',
    },
  ]
}

function isLocal(host: string): boolean {
  return /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/.test(host)
}
