import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from './free-port.ts'

/** A Redis of our own: on a free port of this machine, with nothing on disk but its log. */
export interface OwnRedis {
  url: string
  /** E.g. `redis-server 7.0.15`. */
  version: string
  /** Resolves with what happened, if it ends before `stop`. */
  endedByItself: Promise<string>
  stop: () => Promise<void>
}

/** Jobs are short-lived and a full queue must be refused, not evicted: no snapshots, no eviction. */
const SETTINGS = [
  '--save',
  '',
  '--appendonly',
  'no',
  '--maxmemory-policy',
  'noeviction',
  '--bind',
  '127.0.0.1',
]

/**
 * Starts the server `file`, which keeps its log in `folder`, on `port` (by default any that is free). `settings` come after ours, as its
 * command line has them, and win. Throws if it does not come up.
 */
export async function startRedis(
  file: string,
  folder: string,
  port?: number,
  settings: readonly string[] = [],
): Promise<OwnRedis> {
  await mkdir(folder, { recursive: true })
  port ??= await freePort()
  const log = join(folder, 'redis.log')
  const args = [...SETTINGS, '--port', String(port), '--dir', folder, '--logfile', log, ...settings]
  const server = spawn(file, args, { detached: true, stdio: 'ignore' })
  const guard = killIfWeVanish(server)
  const ended = once(server, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  let stopping = false
  const endedByItself = new Promise<string>((resolve) => {
    ended.then(
      ([code, signal]) => !stopping && resolve(`redis-server ended (${signal ?? code}), see ${log}`),
      resolve,
    )
  })
  const url = `redis://127.0.0.1:${port}`
  const version = await Promise.race([
    versionWhenUp(url),
    endedByItself.then((what) => Promise.reject(new Error(what))),
  ])
  const stop = async () => {
    stopping = true
    // It keeps nothing on disk that it could save first, and a script that never ends would make it deaf to SIGTERM.
    server.kill('SIGKILL')
    await ended
    guard.kill('SIGKILL')
  }
  return { url, version: `${basename(file)} ${version}`, endedByItself, stop }
}

/** A shell that waits for our end, however it comes (its standard input closes), and then ends the server. */
function killIfWeVanish(server: ChildProcess): ChildProcess {
  const guard = spawn('sh', ['-c', 'read _; kill -9 "$0"', String(server.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  return guard
}

async function versionWhenUp(url: string): Promise<string> {
  const redis = new Redis(url, {
    protocol: 2,
    lazyConnect: true,
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
  })
  redis.on('error', () => {})
  try {
    redis.connect().catch(() => {})
    const info = await redis.info('server')
    return /redis_version:(\S+)/.exec(info)?.[1] ?? 'of unknown version'
  } finally {
    redis.disconnect()
  }
}
