/** What a `redis://` or `rediss://` URL says. */
export interface RedisAddress {
  host: string
  port: number
  tls: boolean
  /** '' if there is none: then nobody logs in. */
  password: string
  /** '' for Redis' default user. */
  user: string
  database: string
  /** How errors name it: nothing secret. */
  name: string
}

/** Throws an Error that does not repeat the URL, which may hold a password. */
export function redisAddress(url: string): RedisAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !['redis:', 'rediss:'].includes(parsed.protocol) || !parsed.hostname) {
    throw new Error('The address of Redis is no redis:// or rediss:// URL.')
  }
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: Number(parsed.port || 6379),
    tls: parsed.protocol === 'rediss:',
    password: decoded(parsed.password),
    user: decoded(parsed.username),
    database: parsed.pathname.slice(1) || parsed.searchParams.get('db') || '0',
    name: parsed.host,
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new Error('The user or password in the address of Redis has a % that begins no percent-encoding.')
  }
}

/** A command as Redis reads it. */
export function encodeCommand(words: readonly string[]): string {
  return words.reduce(
    (text, word) => `${text}$${Buffer.byteLength(word)}\r\n${word}\r\n`,
    `*${words.length}\r\n`,
  )
}
