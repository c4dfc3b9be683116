#!/usr/bin/env node
import { defineCommand, runCommand, runMain } from 'citty'
import { Presets, SingleBar } from 'cli-progress'
import { exitCodeOfSignal, onStopSignals } from '../worker-pool/machine/stop-signals.ts'
import { idsLast } from './ids-last.ts'
import type { Terminal } from './terminal.ts'
import { UserError } from './user-error.ts'

// ONNX Runtime would otherwise send telemetry to its makers. Commands are loaded after this.
process.env.ORT_DISABLE_TELEMETRY ||= '1'

const stop = new AbortController()
onStopSignals(process, {
  stop: () => {
    console.error('edgebatch: stopping (Ctrl-C again ends at once)')
    stop.abort()
  },
  endAtOnce: (signal) => process.exit(exitCodeOfSignal(signal)),
})

const terminal: Terminal = {
  print: (line) => console.log(line),
  warn: (line) => console.error(`edgebatch: ${line}`),
  stopped: stop.signal,
  startProgress: (totalBytes, startBytes) => {
    const format =
      totalBytes === undefined
        ? '{value} bytes'
        : '{bar} {percentage}% | {value}/{total} bytes | {eta_formatted}'
    const bar = new SingleBar({ format, noTTYOutput: false }, Presets.shades_classic)
    bar.start(totalBytes ?? 0, startBytes)
    return { update: (bytes) => bar.update(bytes), stop: () => bar.stop() }
  },
}

const main = defineCommand({
  meta: {
    name: 'edgebatch',
    description: 'Tools for models that edgebatch serves, who may use them, and jobs that were given up.',
  },
  subCommands: {
    model: defineCommand({
      meta: { name: 'model', description: 'Add, check and fetch models.' },
      subCommands: {
        add: async () => (await import('./model/add-command.ts')).addCommand(terminal),
        check: async () => (await import('./model/check-command.ts')).checkCommand(terminal),
        pull: async () => (await import('./model/pull-command.ts')).pullCommand(terminal),
      },
    }),
    keys: defineCommand({
      meta: { name: 'keys', description: 'Make, list and revoke API keys.' },
      subCommands: {
        create: async () => (await import('./keys/create-command.ts')).createCommand(terminal, process.env),
        list: async () => (await import('./keys/list-command.ts')).listCommand(terminal, process.env),
        revoke: async () => (await import('./keys/revoke-command.ts')).revokeCommand(terminal, process.env),
        'webhook-secret': async () =>
          (await import('./keys/webhook-secret-command.ts')).webhookSecretCommand(terminal, process.env),
      },
    }),
    dlq: defineCommand({
      meta: { name: 'dlq', description: 'Look at dead letters, try them again, or let go of them.' },
      subCommands: {
        list: async () => (await import('./dlq/list-command.ts')).listCommand(terminal, process.env),
        show: async () => (await import('./dlq/show-command.ts')).showCommand(terminal, process.env),
        retry: async () => (await import('./dlq/retry-command.ts')).retryCommand(terminal, process.env),
        drop: async () => (await import('./dlq/drop-command.ts')).dropCommand(terminal, process.env),
      },
    }),
    acl: async () => (await import('./acl/acl-command.ts')).aclCommand(terminal),
  },
})

/** As shells have it. */
const INTERRUPTED = 130
const rawArgs = idsLast(process.argv.slice(2))
const asksForHelp = rawArgs.length === 0 || rawArgs.includes('--help') || rawArgs.includes('-h')
if (asksForHelp) await runMain(main, { rawArgs: rawArgs.length === 0 ? ['--help'] : rawArgs })
else await runCommand(main, { rawArgs }).catch(report)

function report(error: unknown): void {
  const isUsersMistake = error instanceof UserError || (error instanceof Error && error.name === 'CLIError')
  if (isUsersMistake) console.error(`edgebatch: ${error.message}`)
  else if (!stop.signal.aborted) console.error(error)
  process.exitCode = stop.signal.aborted ? INTERRUPTED : 1
}
