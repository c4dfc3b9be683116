import { execFile } from 'node:child_process'
import { access, constants, mkdir, rename, rm, symlink } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { PROJECT_ROOT } from './project-root.ts'

const execute = promisify(execFile)

/** There is no Redis server and none could be installed. `message` says what to do. */
export class NoRedisError extends Error {
  override readonly name = 'NoRedisError'
}

const SERVERS = ['redis-server', 'valkey-server']

/**
 * Debian's and Ubuntu's redis-server package holds only a link to this file of redis-tools, and a system service. We
 * want the server without the service, hence redis-tools and a link of our own: the binary is what it is called.
 */
const DEBIAN_TOOL = 'redis-check-rdb'
const LINK_FOLDER = join(PROJECT_ROOT, '.edgebatch', 'bin')

/** The file of a Redis or Valkey server: one in the folders of `path`, or one installed now. Throws NoRedisError. */
export async function ensureRedisBinary(path: string, onProgress: (line: string) => void): Promise<string> {
  return (await findRedisBinary(path)) ?? (await installRedis(path, onProgress))
}

async function findRedisBinary(path: string): Promise<string | undefined> {
  for (const name of SERVERS) {
    const file = await findExecutable(name, path)
    if (file) return file
  }
  const tool = await findExecutable(DEBIAN_TOOL, path)
  return tool && linkAsServer(tool)
}

async function linkAsServer(tool: string): Promise<string | undefined> {
  const link = join(LINK_FOLDER, 'redis-server')
  await mkdir(LINK_FOLDER, { recursive: true })
  // Several of us may start at once: each makes a link of its own and renames it into place.
  const ours = `${link}-${process.pid}`
  await rm(ours, { force: true })
  await symlink(tool, ours)
  await rename(ours, link)
  const { stdout } = await execute(link, ['--version']).catch(() => ({ stdout: '' }))
  return stdout.startsWith('Redis server') ? link : undefined
}

async function installRedis(path: string, onProgress: (line: string) => void): Promise<string> {
  const commands = await installCommands(path)
  if (!commands) {
    throw new NoRedisError(
      'No Redis: install redis-server or valkey-server (7.0 or newer), or set REDIS_URL to a Redis that runs.',
    )
  }
  for (const [file, ...args] of commands as [string, ...string[]][]) {
    onProgress(`no Redis found, installing: ${[file, ...args].join(' ')}`)
    try {
      await execute(file, args, {
        env: { PATH: path, DEBIAN_FRONTEND: 'noninteractive' },
        maxBuffer: 2 ** 26,
      })
    } catch (error) {
      const reason = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) ?? 'it failed'
      throw new NoRedisError(`Could not install Redis (${reason}). Install it yourself, or set REDIS_URL.`)
    }
  }
  const binary = await findRedisBinary(path)
  if (!binary)
    throw new NoRedisError('Redis was installed but is not on the PATH. Set REDIS_URL to a Redis that runs.')
  return binary
}

/** What installs Redis here without asking anyone, or undefined. */
async function installCommands(path: string): Promise<string[][] | undefined> {
  if (await findExecutable('apt-get', path)) {
    const elevate = process.getuid?.() === 0 ? [] : ['sudo', '-n']
    if (elevate.length > 0 && !(await succeeds('sudo', ['-n', 'true'], path))) return undefined
    return [
      [...elevate, 'apt-get', 'update', '-qq'],
      [...elevate, 'apt-get', 'install', '-qq', '-y', '--no-install-recommends', 'redis-tools'],
    ]
  }
  return (await findExecutable('brew', path)) ? [['brew', 'install', 'redis']] : undefined
}

async function succeeds(file: string, args: string[], path: string): Promise<boolean> {
  return execute(file, args, { env: { PATH: path } }).then(
    () => true,
    () => false,
  )
}

async function findExecutable(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const file = join(folder, name)
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return file
  }
  return undefined
}
