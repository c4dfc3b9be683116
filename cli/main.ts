#!/usr/bin/env node
import packageJson from '../package.json' with { type: 'json' }
import { exitCodeOfSignal, onStopSignals } from '../worker-pool/machine/stop-signals.ts'
import { commandTree } from './commands.ts'
import { EXIT_CODES } from './exit-codes.ts'
import { processTerminal } from './process-terminal.ts'
import { readInput } from './read-input.ts'
import { runCli } from './run-cli.ts'
import { processScreen } from './top/process-screen.ts'

// ONNX Runtime would otherwise send telemetry to its makers. Commands are loaded after this.
process.env.ORT_DISABLE_TELEMETRY ||= '1'

const stop = new AbortController()
const terminal = processTerminal(stop.signal)
onStopSignals(process, {
  stop: () => {
    terminal.warn('stopping (Ctrl-C again ends at once)')
    stop.abort()
  },
  endAtOnce: (signal) => process.exit(exitCodeOfSignal(signal)),
})
// Who reads what is printed may have had enough (| head): that is no mistake.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT_CODES.done : EXIT_CODES.failed)
})

const { version } = packageJson
const tree = commandTree({
  terminal,
  environment: process.env,
  readInput: () => readInput(stop.signal),
  screen: processScreen(process.env),
  version,
})
process.exitCode = await runCli({ tree, version, terminal }, process.argv.slice(2))
