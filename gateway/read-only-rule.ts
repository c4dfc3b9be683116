import type { CommandLine } from './command.ts'
import type { CommandTable } from './command-table.ts'

/** Touch no keys, and tell nothing. */
const HARMLESS = new Set(['PING', 'ECHO', 'TIME'])

/** Why a token that only reads may not run a command, in Redis' words; undefined if it may. `table`: of the Redis that would run it. */
export function readOnlyRefusal(command: CommandLine, table: CommandTable): string | undefined {
  if (onlyReads(command, table)) return undefined
  return `NOPERM this user has no permissions to run the '${command[0].toLowerCase()}' command or its subcommand`
}

/**
 * Whether a command does nothing but read, and reads no more than it names: SCAN and those that Redis calls dangerous (KEYS, SORT_RO, INFO) don't
 * pass, nor do scripts, though they cannot write (EVAL_RO): one that does not end holds up Redis for everybody. What Redis did not list doesn't pass
 * either.
 */
function onlyReads(command: CommandLine, table: CommandTable): boolean {
  const name = command[0].toUpperCase()
  if (HARMLESS.has(name)) return true
  if (name === 'SCAN') return false
  const { flags, categories } = table.traitsOf(command)
  return flags.has('READONLY') && !categories.has('@DANGEROUS') && !categories.has('@SCRIPTING')
}
