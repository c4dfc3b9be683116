import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Check } from './check.ts'

const GIB = 2 ** 30
/** Where Node first runs TypeScript as it stands. */
const OLDEST_NODE = [22, 18] as const
/** A pool with a small model on CPU takes half of it; GPU libraries alone take another gigabyte. */
const MEMORY_WARNING_BYTES = 2 * GIB
const DISK_WARNING_BYTES = GIB

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const recent = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  const check = { name: 'Node', needed: true, found: version }
  if (recent) return { ...check, state: 'ok' }
  return {
    ...check,
    state: 'missing',
    fix: `use Node ${OLDEST_NODE.join('.')} or newer: npm run takes the one that npm ci installs`,
  }
}

/** `bytes`: what this process may still take, a container's limit included. */
export function checkMemory(bytes: number): Check {
  const check = { name: 'memory', needed: false, found: `${(bytes / GIB).toFixed(1)} GiB available` }
  if (bytes >= MEMORY_WARNING_BYTES) return { ...check, state: 'ok' }
  return {
    ...check,
    state: 'warning',
    fix: 'give the machine or container 2 GiB more, or lower MAX_BATCH_SIZE',
  }
}

export async function checkDisk(folder: string): Promise<Check> {
  const name = 'disk'
  try {
    const { bavail, bsize } = await statfs(folder)
    const check = {
      name,
      needed: false,
      found: `${((bavail * bsize) / GIB).toFixed(1)} GiB free at ${folder}`,
    }
    if (bavail * bsize >= DISK_WARNING_BYTES) return { ...check, state: 'ok' }
    return { ...check, state: 'warning', fix: 'free some space: models and logs need it' }
  } catch {
    const fix = 'correct the folder of the models in the environment'
    return { name, state: 'warning', needed: false, found: `${folder} cannot be looked at`, fix }
  }
}

/** Whether a pool's health server could listen. No port, or any that is free (0): nothing to look at. */
export async function checkHealthPort(host: string, port: number | undefined): Promise<Check[]> {
  if (!port) return []
  const check = { name: 'health port', needed: false, found: `${host}:${port}` }
  const reason = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen(port, host, () => server.close(() => resolve(undefined)))
  })
  if (!reason) return [{ ...check, state: 'ok' }]
  const found = `${check.found} cannot be listened on (${reason.code})`
  const fix = 'set HEALTH_PORT or HEALTH_HOST to another, unless a pool of yours runs there already'
  return [{ ...check, state: 'warning', found, fix }]
}
