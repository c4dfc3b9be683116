import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { type DatabaseRefusedError, databaseRefusal } from '../shared/chosen-database.ts'
import { connectGatewayRedis } from './redis.ts'
import { isReplyError } from './redis-errors.ts'

/**
 * Opens a connection, which then reconnects for ever and tells the log of trouble. `setting` named its address, for messages. Throws if Redis
 * cannot be reached or lets nobody in.
 */
export async function openConnection(url: string, setting: string, log: Logger): Promise<Redis> {
  const redis = connectGatewayRedis(url)
  const { host } = new URL(url)
  let refusal: string | undefined
  let refused: DatabaseRefusedError | undefined
  redis.on('error', (error: NodeJS.ErrnoException) => {
    // Redis' own words hold no secret of ours: they say that a password is wrong, not what it is.
    if (isReplyError(error)) refusal = error.message
    const itsDatabase = databaseRefusal(error, host)
    refused ??= itsDatabase
    log.warn({ code: error.code ?? error.name, reason: itsDatabase?.message }, 'redis connection')
  })
  await redis.connect().catch((error) => {
    redis.disconnect()
    if (isReplyError(error)) refusal ??= error.message
    if (refused) throw new Error(`${refused.message} (${setting})`)
    throw new Error(
      refusal === undefined
        ? `cannot reach Redis at ${host}; start Redis, or correct ${setting}`
        : `Redis at ${host} lets us not in: ${refusal} (${setting})`,
    )
  })
  return redis
}
