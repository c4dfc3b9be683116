/** The little of Redis that the queue needs. Edge (REST) and worker pool (TCP) each bring an implementation. */
export interface RedisCommands {
  /**
   * Runs a Lua script atomically. Throws `RedisReplyError` if Redis answers with an error, `RedisUnreachableError` if
   * no answer came; then the script may or may not have run, and running it again must be safe.
   */
  run(script: LuaScript, keys: readonly string[], args: readonly ScriptArgument[]): Promise<RedisReply>
  /**
   * The same with one argument: `head`, a line feed, `bytes`. Undefined where the way to Redis does not carry bytes, or not now; then the script
   * may or may not have run, too. Not all implementations have it.
   */
  runWithBytes?(
    script: LuaScript,
    keys: readonly string[],
    head: string,
    bytes: Uint8Array,
  ): Promise<RedisReply | undefined>
  /** All fields of a hash (none if there is no such key) and Redis' clock in milliseconds, in one round trip. */
  readHash(key: string): Promise<{ fields: Record<string, string>; nowMs: number }>
}

export type ScriptArgument = string | number
export type RedisReply = string | number | null | RedisReply[]

export interface LuaScript {
  readonly name: string
  readonly source: string
}

/** Redis understood and refused. `message` starts with Redis' error word (`OOM`, `NOGROUP`...); it holds no values. */
export class RedisReplyError extends Error {
  override readonly name = 'RedisReplyError'
}

/** No answer from Redis: refused, cut off, timed out, or an HTTP status that is not Redis' own. */
export class RedisUnreachableError extends Error {
  override readonly name = 'RedisUnreachableError'
}

const sha1OfScript = new WeakMap<LuaScript, Promise<string>>()

/** The name by which Redis knows a script it has seen (EVALSHA): the hex SHA-1 of its source. */
export function scriptSha1(script: LuaScript): Promise<string> {
  let sha1 = sha1OfScript.get(script)
  if (!sha1) {
    sha1 = hexSha1(script.source)
    sha1OfScript.set(script, sha1)
  }
  return sha1
}

async function hexSha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
