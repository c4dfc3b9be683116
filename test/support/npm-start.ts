import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { processEnv } from './process-env.ts'

export interface Started {
  child: ChildProcess
  /** All that was printed so far. */
  output: () => string
  /** Resolves when something was printed that matches. Rejects if it ends before. */
  printed: (pattern: RegExp) => Promise<RegExpExecArray>
  exit: Promise<[number | null, NodeJS.Signals | null]>
}

/** `npm start`, without npm, or another command. It brings its own Redis: REDIS_URL is not passed on. Ends with its test. */
export function start(env: Record<string, string>, command = ['local-stack/main.ts']): Started {
  const { REDIS_URL, ...inherited } = processEnv()
  const child = spawn(process.execPath, command, {
    cwd: PROJECT_ROOT,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its group can then be interrupted as a terminal does it.
    detached: true,
  })
  let output = ''
  const exit = once(child, 'close') as Started['exit']
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += data))
  const printed = async (pattern: RegExp) => {
    for (;;) {
      const match = pattern.exec(output)
      if (match) return match
      const more = Promise.race([
        once(child.stdout as NodeJS.ReadableStream, 'data'),
        exit.then(() => 'ended'),
      ])
      if ((await more) === 'ended' && !pattern.test(output)) throw new Error(`ended without it:\n${output}`)
    }
  }
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, output: () => output, printed, exit }
}
