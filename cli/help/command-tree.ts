import type { ArgDef, ArgsDef, CommandDef, Resolvable } from 'citty'
import type { CommandExample, CommandHelp } from '../command.ts'
import { UsageError } from '../user-error.ts'

/** A command with all that is below it, loaded. */
export interface CommandNode {
  /** As it is called: `['edgebatch', 'model', 'add']`. */
  path: readonly string[]
  description: string
  details: readonly string[]
  examples: readonly CommandExample[]
  positionals: readonly NamedArgument[]
  flags: readonly NamedArgument[]
  subCommands: readonly CommandNode[]
}

export interface NamedArgument {
  name: string
  definition: ArgDef
}

/** Which command is called, and with what. */
export interface CalledCommand {
  path: readonly string[]
  command: CommandDef
  /** What was given behind its name. */
  rawArgs: readonly string[]
}

/** Loads a command and all below it. */
export async function loadTree(path: readonly string[], command: CommandDef): Promise<CommandNode> {
  const subCommands = []
  for (const [name, resolvable] of Object.entries(await subCommandsOf(command)))
    subCommands.push(await loadTree([...path, name], await resolved(resolvable)))
  return { ...(await describe(path, command)), subCommands }
}

/** The same without what is below its own commands. */
export async function loadNode(path: readonly string[], command: CommandDef): Promise<CommandNode> {
  const subCommands = []
  for (const [name, resolvable] of Object.entries(await subCommandsOf(command)))
    subCommands.push(
      Object.assign(await describe([...path, name], await resolved(resolvable)), { subCommands: [] }),
    )
  return { ...(await describe(path, command)), subCommands }
}

/** Throws UsageError where a word is no command. */
export async function findCommand(
  path: readonly string[],
  command: CommandDef,
  rawArgs: readonly string[],
): Promise<CalledCommand> {
  const subCommands = await subCommandsOf(command)
  const [word, ...rest] = rawArgs
  if (Object.keys(subCommands).length === 0 || word === undefined || word.startsWith('-'))
    return { path, command, rawArgs }
  const resolvable = Object.hasOwn(subCommands, word) ? subCommands[word] : undefined
  if (resolvable === undefined)
    throw new UsageError(
      `there is no command "${[...path, word].join(' ')}"; ${path.join(' ')} --help lists them`,
    )
  return findCommand([...path, word], await resolved(resolvable), rest)
}

export async function subCommandsOf(command: CommandDef): Promise<Record<string, Resolvable<CommandDef>>> {
  return (await resolved(command.subCommands)) ?? {}
}

async function describe(
  path: readonly string[],
  command: CommandDef & CommandHelp,
): Promise<Omit<CommandNode, 'subCommands'>> {
  const { description = '' } = (await resolved(command.meta)) ?? {}
  const args: ArgsDef = (await resolved(command.args)) ?? {}
  const all = Object.entries(args).map(([name, definition]) => ({ name, definition }))
  return {
    ...{ path, description, details: command.details ?? [], examples: command.examples ?? [] },
    positionals: all.filter(({ definition }) => definition.type === 'positional'),
    flags: all.filter(({ definition }) => definition.type !== 'positional'),
  }
}

function resolved<T>(value: Resolvable<T>): T | Promise<T> {
  return typeof value === 'function' ? (value as () => T | Promise<T>)() : value
}
