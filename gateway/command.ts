/** A command's argument: bytes where they came as such, and may be no text. */
export type Argument = string | Buffer

/** A Redis command as it is sent: its name, then its arguments. */
export type CommandLine = [name: string, ...args: Argument[]]

/** What a client sent cannot be run; the message is for the client, in Upstash's form. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/**
 * All requests share one connection: what would block it, change its state or take it over cannot be served; nor what
 * changes the server itself.
 */
const REFUSED = new Set(
  `ACL AUTH BGREWRITEAOF BGSAVE BLMOVE BLMOVEM BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN CLIENT CLUSTER CONFIG DEBUG
   DISCARD EXEC FAILOVER HELLO MIGRATE MODULE MONITOR MULTI PSUBSCRIBE
   PSYNC PUNSUBSCRIBE QUIT READONLY READWRITE REPLCONF REPLICAOF RESET
   SAVE SELECT SHUTDOWN SLAVEOF SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SWAPDB SYNC UNSUBSCRIBE
   UNWATCH WAIT WAITAOF WATCH`.split(/\s+/),
)

/** Why a command cannot be served to anybody, in words for the client; undefined if it can. */
export function refusalOf([name, ...args]: CommandLine): string | undefined {
  // Redis reads a name up to its first NUL: only what looks like a command can be told from what is refused. And ioredis looks
  // names up in plain objects, where "constructor" is found: it would take that for QUIT, and never connect again.
  if (!/^[A-Za-z][A-Za-z0-9._-]*$/.test(name) || name.toLowerCase() in {}) return 'ERR unknown command'
  const command = name.toUpperCase()
  const blocks = (command === 'XREAD' || command === 'XREADGROUP') && hasBlockOption(args)
  // SCRIPT DEBUG would turn every later script on the connection, whoever sends it, into a debugging session.
  const debugs = command === 'SCRIPT' && args[0]?.toString().toUpperCase() === 'DEBUG'
  if (blocks || debugs || REFUSED.has(command)) return `ERR Command is not available: '${command}'`
  return undefined
}

/** Of XREAD and XREADGROUP. What follows STREAMS are keys and ids. */
function hasBlockOption(args: readonly Argument[]): boolean {
  const words = args.map((arg) => arg.toString().toUpperCase())
  const streams = words.indexOf('STREAMS')
  return words.slice(0, streams < 0 ? words.length : streams).includes('BLOCK')
}
