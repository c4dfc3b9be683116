import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { command } from '../command.ts'
import type { Environment } from '../environment.ts'
import { refuseUnknown, text } from '../flags.ts'
import type { Terminal } from '../terminal.ts'

const args = {
  port: { type: 'string', description: 'Where the edge listens; PORT, or 8787', valueHint: 'N' },
  pools: { type: 'string', description: 'Worker pools; POOLS, or 1', valueHint: 'N' },
  edge: { type: 'string', description: 'Where the edge runs; EDGE, or workerd', valueHint: 'workerd|node' },
} as const

const ENTRY = fileURLToPath(new URL('../../local-stack/main.ts', import.meta.url))

export function startCommand(terminal: Terminal, environment: Environment) {
  return command({
    meta: { name: 'start', description: 'Run the whole system on this machine, until Ctrl-C.' },
    args,
    details: [
      'Redis, gateway, worker pools and edge, as npm start does. REDIS_URL uses a Redis of yours; ALLOW_ANONYMOUS=false asks for API keys. All other settings of the parts are taken from the environment, too.',
    ],
    examples: [{ does: 'two pools, another port', line: 'edgebatch start --port 9000 --pools 2' }],
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 0)
      const flags = Object.keys(args).flatMap((flag) => {
        const value = text(given, flag)
        return value === undefined ? [] : [`--${flag}=${value}`]
      })
      return runStack(flags, environment, terminal.stopped)
    },
  })
}

/**
 * A process of its own, so that nothing of the stack need be known here, nor what a flag may be. Ctrl-C reaches it from the terminal as it reaches us; a signal that only we
 * are sent is passed on, and if we vanish, its IPC channel closes and it ends. Resolves to its exit code.
 */
async function runStack(flags: string[], env: Environment, stopped: AbortSignal): Promise<number> {
  const child = spawn(process.execPath, [ENTRY, '--edgebatch-start', ...flags], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const pass = () => void child.kill('SIGTERM')
  stopped.addEventListener('abort', pass)
  const [code] = (await once(child as ChildProcess, 'exit')) as [number | null]
  stopped.removeEventListener('abort', pass)
  return code ?? 1
}
