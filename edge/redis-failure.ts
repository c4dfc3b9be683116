import { RedisReplyError, RedisUnreachableError } from '../shared/redis-commands.ts'

/** Redis' own words at the beginning of an error; the client appends the whole command, tensor included. */
const REDIS_WORDS = /^(?:Command \d+ \[ \w+ \] failed: )?([A-Z]+ [^,]{0,200})/

/** What an endpoint says went wrong, without what it was asked; RedisUnreachableError `otherwise` if these are not Redis' words. */
export function refusal(message: string, otherwise: string): RedisReplyError | RedisUnreachableError {
  const words = REDIS_WORDS.exec(message)?.[1]
  return words === undefined ? new RedisUnreachableError(otherwise) : new RedisReplyError(words)
}

/** A failed request. Its own error is not passed on as `cause`: what logs a cause would log the command. */
export function unreachable(error: unknown): RedisUnreachableError {
  const { name = 'Error', message = '' } = error instanceof Error ? error : {}
  // The client's own errors may quote an answer; the network's do not.
  return new RedisUnreachableError(name.startsWith('Upstash') ? name : `${name}: ${message.slice(0, 100)}`)
}
