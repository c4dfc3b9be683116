import type { Redis } from 'ioredis'

/**
 * Has a connection given up that Redis does not let into its database: ioredis tells of that, and goes on in database 0, where another token's
 * keys are. Returns the connection. To be called before it connects.
 */
export function keptToDatabase(redis: Redis): Redis {
  redis.on('error', (error: Error & { command?: { name: string } }) => {
    if (error.command?.name === 'select') redis.disconnect(true)
  })
  return redis
}
