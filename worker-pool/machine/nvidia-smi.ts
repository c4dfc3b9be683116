import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Variables } from './device-pools.ts'

const execute = promisify(execFile)

/** nvidia-smi asks the driver, which may hang when a GPU has fallen off the bus. */
const TIMEOUT_MS = 5_000

/** There is no nvidia-smi on the PATH: no driver, or a container without `--gpus`. */
export class NoNvidiaSmiError extends Error {
  override readonly name = 'NoNvidiaSmiError'
}

/** Asks nvidia-smi about every GPU: one row a GPU, the fields as they are named in `fields`. */
export type QueryGpus = (fields: readonly string[]) => Promise<string[][]>

/**
 * `variables`: the environment, of which PATH says where nvidia-smi is. The query throws NoNvidiaSmiError, or an Error with
 * what nvidia-smi said (it prints that on standard output).
 */
export function createQueryGpus(variables: Variables, timeoutMs = TIMEOUT_MS): QueryGpus {
  return async (fields) => {
    const args = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits']
    const { stdout } = await execute('nvidia-smi', args, {
      env: { ...variables },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    }).catch((error: NodeJS.ErrnoException & { stdout?: string; killed?: boolean }) => {
      if (error.code === 'ENOENT') throw new NoNvidiaSmiError('nvidia-smi is not on the PATH')
      const said = error.killed ? `no answer within ${timeoutMs} ms` : error.stdout?.trim().split('\n')[0]
      throw new Error(`nvidia-smi: ${said || error.message}`, { cause: error })
    })
    return stdout
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => line.split(',').map((value) => value.trim()))
  }
}
