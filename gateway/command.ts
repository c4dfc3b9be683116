import * as z from 'zod'

/** A Redis command as it came in a JSON body: its name, then its arguments. */
const commandSchema = z
  .array(z.union([z.string(), z.number(), z.boolean()]))
  .min(1)
  .transform((parts) => parts.map(String))

const pipelineSchema = z.array(commandSchema).min(1)

export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/**
 * All requests share one connection: what would block it, change its state or take it over cannot be served; nor what
 * changes the server itself.
 */
const REFUSED = new Set(
  `ACL AUTH BGREWRITEAOF BGSAVE BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN CLIENT CLUSTER CONFIG DEBUG DISCARD
   EXEC FAILOVER HELLO MIGRATE MODULE MONITOR MULTI PSUBSCRIBE
   PSYNC PUNSUBSCRIBE QUIT READONLY READWRITE REPLCONF REPLICAOF RESET
   SAVE SELECT SHUTDOWN SLAVEOF SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SWAPDB SYNC UNSUBSCRIBE
   UNWATCH WAIT WAITAOF WATCH`.split(/\s+/),
)

/** One command, checked. Throws CommandError with the words for the client. */
export function parseCommand(body: unknown): string[] {
  const parsed = commandSchema.safeParse(body)
  if (!parsed.success) throw new CommandError('ERR expected a JSON array: the command, then its arguments')
  refuseUnservable(parsed.data)
  return parsed.data
}

/** Several commands, checked: none runs if one of them is refused. */
export function parsePipeline(body: unknown): string[][] {
  const parsed = pipelineSchema.safeParse(body)
  if (!parsed.success) throw new CommandError('ERR expected a JSON array of commands, each a JSON array')
  parsed.data.forEach(refuseUnservable)
  return parsed.data
}

function refuseUnservable([name = '', ...args]: string[]): void {
  const command = name.toUpperCase()
  // Redis reads a name up to its first NUL: only what looks like a command can be told from what is refused.
  if (!/^[A-Z][A-Z0-9._-]*$/.test(command)) throw new CommandError('ERR unknown command')
  const blocks = /^XREAD(GROUP)?$/.test(command) && args.some((arg) => arg.toUpperCase() === 'BLOCK')
  // SCRIPT DEBUG would turn every later script on the connection, whoever sends it, into a debugging session.
  const debugs = command === 'SCRIPT' && args[0]?.toUpperCase() === 'DEBUG'
  if (blocks || debugs || REFUSED.has(command))
    throw new CommandError(`ERR Command is not available: '${command}'`)
}
