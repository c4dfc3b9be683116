import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { COMPILE_CACHE } from './compile-cache.ts'
import { PROJECT_ROOT } from './project-root.ts'

/** One of our Node entry files, run as a process of its own. */
export interface NodeService {
  pid: number
  /** What it said when it became ready. */
  ready: Record<string, unknown>
  /** Resolves with what happened, if it ends before `stop` or `kill`. */
  endedByItself: Promise<string>
  /** SIGTERM; resolves when it has finished its work and ended. */
  stop: () => Promise<void>
  /** SIGKILL, as a crash would. */
  kill: () => Promise<void>
}

export interface ServiceSpec {
  /** Names its log file. */
  name: string
  /** Entry file, relative to the project's root. */
  entry: string
  env: Record<string, string>
  /** Flags of Node itself. */
  nodeFlags?: readonly string[]
  /** Where its log goes. */
  folder: string
  /** What it says over IPC once it is ready. */
  onMessage?: (message: Record<string, unknown>) => void
  /** Ends one that is not ready yet. */
  signal?: AbortSignal
}

/** How much of a failed start's standard error is passed on, in characters. */
const REASON_LENGTH = 2_000

/**
 * Starts a service and waits until it says `ready` over IPC. It is detached from the terminal, so that Ctrl-C reaches only us
 * and things end in the right order; if we vanish, its IPC channel closes and it ends itself. Throws with what the
 * service wrote to standard error if it ends before it is ready, and with the signal's reason once it has ended for that.
 */
export async function startService({
  name,
  entry,
  env,
  folder,
  nodeFlags = [],
  onMessage,
  signal,
}: ServiceSpec): Promise<NodeService> {
  signal?.throwIfAborted()
  await mkdir(folder, { recursive: true })
  const logFile = join(folder, `${name}.log`)
  const log = await open(logFile, 'a')
  const child = spawn(process.execPath, [...nodeFlags, entry], {
    cwd: PROJECT_ROOT,
    env: { ...COMPILE_CACHE, ...env },
    detached: true,
    stdio: ['ignore', log.fd, 'pipe', 'ipc'],
  })
  let reason = ''
  child.stderr?.on('data', (data: Buffer) => {
    appendFileSync(logFile, data)
    reason = (reason + data.toString()).slice(-REASON_LENGTH)
  })
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  await log.close()
  let stopping = false
  const endedByItself = new Promise<string>((resolve) => {
    ended.then(([code, signal]) => {
      if (!stopping) resolve(reason.trim() || `${name} ended (${signal ?? `exit ${code}`}), see ${logFile}`)
    }, resolve)
  })
  const end = async (signal: NodeJS.Signals) => {
    stopping = true
    child.kill(signal)
    await ended
  }
  const [ready] = await Promise.race([
    once(child, 'message', signal && { signal }) as Promise<[Record<string, unknown>]>,
    endedByItself.then((what) => Promise.reject(new Error(what))),
  ]).catch(async (error: unknown) => {
    if (signal?.aborted) await end('SIGTERM')
    throw error
  })
  if (onMessage) child.on('message', onMessage as (message: unknown) => void)
  return {
    pid: child.pid as number,
    ready,
    endedByItself,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}
