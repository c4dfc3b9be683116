import { type CommandDef, defineCommand } from 'citty'
import type { Environment } from './environment.ts'
import { loadTree } from './help/command-tree.ts'
import type { Terminal } from './terminal.ts'
import type { Screen } from './top/screen.ts'

/** What commands are given of the process that they run in. */
export interface CommandContext {
  terminal: Terminal
  environment: Environment
  /** All of standard input. */
  readInput: () => Promise<Uint8Array>
  screen: Screen
  /** Of this project. */
  version: string
}

/** All commands. Each is loaded when it is called, or when somebody wants to know all of it. */
export function commandTree({
  terminal,
  environment,
  readInput,
  screen,
  version,
}: CommandContext): CommandDef {
  const root: CommandDef = defineCommand({
    meta: {
      name: 'edgebatch',
      description: 'Run models on photos, and run the service that does it.',
    },
    subCommands: {
      start: async () => (await import('./start/start-command.ts')).startCommand(terminal, environment),
      predict: async () =>
        (await import('./predict/predict-command.ts')).predictCommand(terminal, environment, readInput),
      result: async () => (await import('./jobs/result-command.ts')).resultCommand(terminal, environment),
      cancel: async () => (await import('./jobs/cancel-command.ts')).cancelCommand(terminal, environment),
      queue: async () => (await import('./stats/queue-command.ts')).queueCommand(terminal, environment),
      top: async () => (await import('./top/top-command.ts')).topCommand(terminal, environment, screen),
      doctor: async () =>
        (await import('./doctor/doctor-command.ts')).doctorCommand(terminal, environment, version),
      model: modelCommands(terminal, environment),
      keys: keyCommands(terminal, environment),
      dlq: deadLetterCommands(terminal, environment),
      acl: async () => (await import('./acl/acl-command.ts')).aclCommand(terminal),
      completions: async () =>
        (await import('./completions/completions-command.ts')).completionsCommand(terminal, () =>
          loadTree(['edgebatch'], root),
        ),
    },
  })
  return root
}

function modelCommands(terminal: Terminal, environment: Environment): CommandDef {
  return defineCommand({
    meta: { name: 'model', description: 'Models: those that are served, and packages of your own.' },
    subCommands: {
      list: async () => (await import('./model/list-command.ts')).listModelsCommand(terminal, environment),
      add: async () => (await import('./model/add-command.ts')).addCommand(terminal),
      check: async () => (await import('./model/check-command.ts')).checkCommand(terminal),
      pull: async () => (await import('./model/pull-command.ts')).pullCommand(terminal),
      remove: async () => (await import('./model/remove-command.ts')).removeCommand(terminal),
    },
  })
}

function keyCommands(terminal: Terminal, environment: Environment): CommandDef {
  return defineCommand({
    meta: { name: 'keys', description: 'API keys: who may use the service.' },
    subCommands: {
      create: async () => (await import('./keys/create-command.ts')).createCommand(terminal, environment),
      list: async () => (await import('./keys/list-command.ts')).listCommand(terminal, environment),
      revoke: async () => (await import('./keys/revoke-command.ts')).revokeCommand(terminal, environment),
      'webhook-secret': async () =>
        (await import('./keys/webhook-secret-command.ts')).webhookSecretCommand(terminal, environment),
    },
  })
}

function deadLetterCommands(terminal: Terminal, environment: Environment): CommandDef {
  return defineCommand({
    meta: { name: 'dlq', description: 'Dead letters: jobs that have lost their last attempt.' },
    subCommands: {
      list: async () => (await import('./dlq/list-command.ts')).listCommand(terminal, environment),
      show: async () => (await import('./dlq/show-command.ts')).showCommand(terminal, environment),
      retry: async () => (await import('./dlq/retry-command.ts')).retryCommand(terminal, environment),
      drop: async () => (await import('./dlq/drop-command.ts')).dropCommand(terminal, environment),
    },
  })
}
