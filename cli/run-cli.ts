import { type CommandDef, runCommand } from 'citty'
import { EXIT_CODES } from './exit-codes.ts'
import { findCommand, loadNode, subCommandsOf } from './help/command-tree.ts'
import { renderHelp } from './help/render-help.ts'
import { idsLast } from './ids-last.ts'
import type { Terminal } from './terminal.ts'
import { UsageError, UserError } from './user-error.ts'

export interface Cli {
  tree: CommandDef
  /** Of this project. */
  version: string
  terminal: Terminal
}

/** Runs what was called and resolves to the exit code. Throws only what is a bug. */
export async function runCli({ tree, version, terminal }: Cli, argv: readonly string[]): Promise<number> {
  try {
    const called = await findCommand(['edgebatch'], tree, idsLast(argv))
    const { path, command, rawArgs } = called
    const flags = rawArgs.slice(0, rawArgs.includes('--') ? rawArgs.indexOf('--') : undefined)
    const isRoot = path.length === 1
    if (flags.includes('--help') || flags.includes('-h') || (isRoot && rawArgs.length === 0)) {
      terminal.print(renderHelp(await loadNode(path, command)))
      return EXIT_CODES.done
    }
    if (isRoot && flags.includes('--version')) {
      terminal.print(version)
      return EXIT_CODES.done
    }
    await refuseWithoutCommand(path, command)
    const { result } = await runCommand(command, { rawArgs: [...rawArgs] })
    return typeof result === 'number' ? result : EXIT_CODES.done
  } catch (error) {
    if (terminal.stopped.aborted) {
      if (error instanceof UserError) terminal.warn(error.message)
      return EXIT_CODES.interrupted
    }
    if (!(error instanceof UserError)) throw error
    terminal.warn(error.message)
    return error.exitCode
  }
}

async function refuseWithoutCommand(path: readonly string[], command: CommandDef): Promise<void> {
  const names = Object.keys(await subCommandsOf(command))
  if (names.length > 0)
    throw new UsageError(`which command? ${path.join(' ')} ${names.join(' | ')}; --help says more`)
}
