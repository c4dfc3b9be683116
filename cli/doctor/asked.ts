import { EXIT_CODES } from '../exit-codes.ts'
import type { RedisCommander } from '../redis/redis-commands.ts'
import { UserError } from '../user-error.ts'

/** The reply; undefined where Redis refuses: a user may be forbidden to ask, and what is hosted may not know. Throws if it is away. */
export async function asked(redis: RedisCommander, ...command: string[]): Promise<unknown> {
  const answer = await answerOf(redis, command)
  return 'reply' in answer ? answer.reply : undefined
}

/** Why Redis refuses; undefined where it does not. Throws if it is away. */
export async function refusalOf(redis: RedisCommander, ...command: string[]): Promise<string | undefined> {
  const answer = await answerOf(redis, command)
  return 'refusal' in answer ? answer.refusal : undefined
}

async function answerOf(
  redis: RedisCommander,
  command: readonly string[],
): Promise<{ reply: unknown } | { refusal: string }> {
  try {
    return { reply: await redis.send(...command) }
  } catch (error) {
    if (error instanceof UserError && error.exitCode === EXIT_CODES.failed) return { refusal: error.message }
    throw error
  }
}
