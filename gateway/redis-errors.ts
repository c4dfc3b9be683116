/** Redis cannot be reached, or was lost before it had answered. */
export class RedisAway extends Error {
  override readonly name = 'RedisAway'
}

/** Whether Redis itself answered with an error. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}
