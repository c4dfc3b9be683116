import type { ArgsDef, CommandDef } from 'citty'

export interface CommandExample {
  /** What it does, without a full stop. */
  does: string
  /** As it is typed. */
  line: string
}

/** What help and reference say of a command beside its flags. */
export interface CommandHelp {
  examples?: readonly CommandExample[]
  /** Paragraphs of plain text. */
  details?: readonly string[]
}

/** A command, of which help, completions and docs/cli.md are made. */
export function command<const T extends ArgsDef>(
  definition: CommandDef<T> & CommandHelp,
): CommandDef<T> & CommandHelp {
  return definition
}
