import { commandTree } from '../../cli/commands.ts'
import { runCli } from '../../cli/run-cli.ts'
import type { Terminal } from '../../cli/terminal.ts'
import type { Screen } from '../../cli/top/screen.ts'
import packageJson from '../../package.json' with { type: 'json' }
import type { CommandOutcome } from './edgebatch-process.ts'

export interface CliSession {
  /** The environment of commands, and nothing else. */
  environment: Record<string, string>
  /** What stands on standard input. */
  input?: Uint8Array
  /** Told of each line, as it is written. */
  onLine?: (line: string) => void
  stopped?: AbortSignal
}

/** Of this project, as the edge has it. */
const CLI_VERSION = packageJson.version

/** Where nothing can be drawn. */
const NO_SCREEN: Screen = {
  size: () => undefined,
  colour: false,
  open: () => {},
  draw: () => {},
  close: () => {},
}

/** `edgebatch ...` within this process: all of it but for its streams and signals, without the time that a process takes to start. */
export async function cli(session: CliSession, ...argv: string[]): Promise<CommandOutcome> {
  const { environment, input = new Uint8Array(), stopped = new AbortController().signal } = session
  const [stdout, stderr]: [string[], string[]] = [[], []]
  const write = (lines: string[]) => (line: string) => {
    lines.push(`${line}\n`)
    session.onLine?.(line)
  }
  const warn = write(stderr)
  const terminal: Terminal = {
    print: write(stdout),
    warn: (line) => warn(`edgebatch: ${line}`),
    startProgress: () => ({ update: () => {}, stop: () => {} }),
    stopped,
  }
  const tree = commandTree({
    ...{ terminal, environment, screen: NO_SCREEN, version: CLI_VERSION },
    readInput: async () => input,
  })
  const code = await runCli({ tree, version: CLI_VERSION, terminal }, argv)
  return { code, stdout: stdout.join(''), stderr: stderr.join('') }
}
