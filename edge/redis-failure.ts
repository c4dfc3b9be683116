import { RedisReplyError, RedisUnreachableError } from '../shared/redis-commands.ts'

/** Redis' own words at the beginning of an error; the client appends the whole command, tensor included. */
const REDIS_WORDS = /^(?:Command \d+ \[ \w+ \] failed: )?([A-Z]+ [^,]{0,200})/

/**
 * What the endpoint at `url` says went wrong, without what it was asked; RedisUnreachableError with its address and `otherwise` if these are not
 * Redis' words.
 */
export function refusal(
  message: string,
  otherwise: string,
  url: string,
): RedisReplyError | RedisUnreachableError {
  const words = REDIS_WORDS.exec(message)?.[1]
  return words === undefined ? failureAt(url, otherwise) : new RedisReplyError(words)
}

/** A failed request to the endpoint at `url`. Its own error is not passed on as `cause`: what logs a cause would log the command. */
export function unreachable(error: unknown, url: string): RedisUnreachableError {
  const { name = 'Error', message = '', cause } = error instanceof Error ? error : {}
  // The client's own errors may quote an answer; the network's do not.
  const said = name.startsWith('Upstash') ? name : `${name}: ${message.slice(0, 100)}`
  return failureAt(url, said + codeOf(cause))
}

/** Named by host and port only: a path, a query or a login may be secret. */
function failureAt(url: string, what: string): RedisUnreachableError {
  const { protocol, hostname, port } = new URL(url)
  return new RedisUnreachableError(`${hostname}:${port || (protocol === 'https:' ? 443 : 80)}: ${what}`)
}

/** Node's fetch only says that it failed; why, e.g. ECONNREFUSED, is its cause's code. */
function codeOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? ` (${code})` : ''
}
