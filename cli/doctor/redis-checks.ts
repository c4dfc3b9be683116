import type { Clock } from '../../shared/clock.ts'
import type { Check } from '../../worker-pool/machine/doctor/check.ts'
import { skewCheck, versionCheck } from '../../worker-pool/machine/doctor/redis-check.ts'
import { evictionWarning } from '../../worker-pool/redis/eviction.ts'
import type { RedisCommander } from '../redis/redis-commands.ts'
import { asked } from './asked.ts'

export interface RedisFindings {
  checks: Check[]
  /** Tells one Redis from another; undefined where it does not say. */
  runId: string | undefined
}

/** Version, memory, what a crash takes, and clock: what any user of ours may ask. Throws UserError if Redis is away. */
export async function redisChecks(redis: RedisCommander, clock: Pick<Clock, 'now'>): Promise<RedisFindings> {
  const server = await info(redis, 'server')
  const memory = await info(redis, 'memory')
  const persistence = await info(redis, 'persistence')
  const checks = [
    versionCheck(redis.host, server.get('redis_version')),
    memoryCheck(memory),
    diskCheck(persistence.get('aof_enabled')),
    ...(await clockChecks(redis, clock)),
  ]
  return { checks, runId: server.get('run_id') }
}

/** What Redis tells of itself, by its names. What is hosted may tell less. */
async function info(redis: RedisCommander, section: string): Promise<Map<string, string>> {
  const text = String((await asked(redis, 'INFO', section)) ?? '')
  return new Map([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]))
}

function memoryCheck(memory: Map<string, string>): Check {
  const name = "Redis' memory"
  const policy = memory.get('maxmemory_policy')
  const evicting = evictionWarning(policy)
  if (evicting) return { name, state: 'missing', needed: true, ...evicting }
  if (policy === undefined)
    return {
      ...{ name, state: 'warning', needed: false, found: 'Redis does not tell its maxmemory-policy' },
      fix: 'make sure that it is noeviction: by any other, jobs that were accepted may be dropped',
    }
  return { name, state: 'ok', needed: true, found: `maxmemory-policy ${policy}` }
}

function diskCheck(aofEnabled: string | undefined): Check {
  const check = { name: "Redis' disk", needed: false }
  if (aofEnabled === '1') return { ...check, state: 'ok', found: 'appendonly yes' }
  if (aofEnabled === undefined)
    return {
      ...{ ...check, state: 'warning', found: 'Redis does not tell whether it keeps what it has on disk' },
      fix: 'make sure that it does: docs/observability.md#redis',
    }
  return {
    ...{ ...check, state: 'warning', found: 'appendonly no: whoever waits loses the job if Redis ends' },
    fix: 'redis-cli CONFIG SET appendonly yes, and in redis.conf; docs/observability.md#redis says what it costs',
  }
}

async function clockChecks(redis: RedisCommander, clock: Pick<Clock, 'now'>): Promise<Check[]> {
  const before = clock.now()
  const reply = await asked(redis, 'TIME')
  const after = clock.now()
  if (!Array.isArray(reply)) return []
  const [seconds, microseconds] = reply.map(Number)
  const theirs = Number(seconds) * 1000 + Number(microseconds) / 1000
  return [skewCheck(theirs - (before + after) / 2)]
}
