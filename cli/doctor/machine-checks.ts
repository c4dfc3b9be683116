import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Check } from '../../worker-pool/machine/doctor/check.ts'
import type { Environment } from '../environment.ts'
import { reasonOf } from '../user-error.ts'

const ENTRY = fileURLToPath(new URL('../../worker-pool/doctor-main.ts', import.meta.url))

/**
 * What this machine lacks to run a worker pool, as `npm run doctor` says. In a process of its own, with a pool's environment: it loads ONNX
 * Runtime and a GPU's libraries, which may end a process.
 */
export async function machineChecks(environment: Environment, stopped: AbortSignal): Promise<Check[]> {
  const running = promisify(execFile)(process.execPath, [ENTRY, '--json'], {
    ...{ env: environment as NodeJS.ProcessEnv, signal: stopped, maxBuffer: 2 ** 26 },
  })
  const { stdout, stderr } = await running.catch((ended: { stdout?: string; stderr?: string }) => ({
    stdout: ended.stdout ?? '',
    stderr: ended.stderr ?? reasonOf(ended),
  }))
  stopped.throwIfAborted()
  try {
    return (JSON.parse(stdout) as { checks: Check[] }).checks
  } catch {
    const found = reasonOf(stderr.split('\n').find((line) => line.trim() !== '') ?? 'it ended without a word')
    return [
      {
        name: 'machine',
        state: 'missing',
        needed: true,
        found,
        fix: 'correct the environment, or run npm ci',
      },
    ]
  }
}
