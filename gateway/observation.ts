import type { Logger } from 'pino'
import { CommandError } from './command.ts'
import { commonFamily, familyOf } from './command-families.ts'
import type { GatewayMetrics, Refusal } from './metrics.ts'
import { StreamRefused } from './open-streams.ts'
import { RedisAway } from './redis-errors.ts'
import { BodyIncomplete, BodyTooLarge, BodyTooSlow } from './request-body.ts'
import { MethodNotAllowed, type ServedRequest } from './rest-commands.ts'

/** Tells log and metrics of requests. Neither learns keys, values or tokens; of commands no more than their families. */
export class Observation {
  readonly #log: Logger
  readonly #metrics: GatewayMetrics | undefined

  /** `metrics`: undefined where nobody could ask for them. */
  constructor(log: Logger, metrics: GatewayMetrics | undefined) {
    this.#log = log
    this.#metrics = metrics
  }

  /** A request whose commands were answered, be it with errors. */
  served({ caller, commands, failed, seconds, bytesIn, bytesOut }: ServedRequest): void {
    const tells = this.#log.isLevelEnabled('debug')
    if (!this.#metrics && !tells) return
    const families = commands.map(familyOf)
    const family = commonFamily(families)
    this.#metrics?.answered({ families, failed: failed.map(familyOf), family, seconds, bytesIn, bytesOut })
    if (!tells) return
    const counts = { commands: commands.length, failed: failed.length }
    this.#log.debug({ token: caller, family, ...counts, ms: seconds * 1000, bytesIn, bytesOut }, 'served')
  }

  /** A request that was not handed to Redis, or not answered by it. */
  refused(reason: Refusal): void {
    this.#metrics?.refused(reason)
    this.#log.debug({ reason }, 'refused')
  }

  /** A request failed for a reason of ours. What others' errors say may quote what a client sent, so only their place is told. */
  failed(error: Error): void {
    const isOurs = error instanceof RedisAway || error instanceof StreamRefused
    const where = error.stack?.split('\n').filter((line) => /^\s+at /.test(line))
    this.#log.error(
      { error: error.name, ...(isOurs ? { reason: error.message } : { where }) },
      'request failed',
    )
  }

  streamCut(): void {
    this.#metrics?.streamCut()
    this.#log.debug('a stream was cut off: its reader was too far behind')
  }
}

/** What kind of refusal an error is answered with. */
export function refusalOf(error: Error): Refusal {
  if (error instanceof CommandError) return 'bad-request'
  if (error instanceof BodyTooLarge) return 'too-large'
  if (error instanceof BodyTooSlow) return 'too-slow'
  if (error instanceof BodyIncomplete) return 'incomplete'
  if (error instanceof MethodNotAllowed) return 'method'
  if (error instanceof RedisAway) return 'redis-away'
  if (!(error instanceof StreamRefused)) return 'internal-error'
  return error.why === 'stopping' ? 'stopping' : 'too-many-streams'
}
