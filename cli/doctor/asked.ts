import { EXIT_CODES } from '../exit-codes.ts'
import type { RedisCommander } from '../redis/redis-commands.ts'
import { UserError } from '../user-error.ts'

/** The reply; undefined where Redis refuses: a user may be forbidden to ask, and what is hosted may not know. Throws if it is away. */
export async function asked(redis: RedisCommander, ...command: string[]): Promise<unknown> {
  try {
    return await redis.send(...command)
  } catch (error) {
    if (error instanceof UserError && error.exitCode === EXIT_CODES.failed) return undefined
    throw error
  }
}
