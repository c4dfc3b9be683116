import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { freePort } from '../../local-stack/free-port.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { processEnv } from '../support/process-env.ts'

/** What a clone has not, or what would be another project's. */
const NOT_CLONED = new Set(['.git', '.edgebatch', '.wrangler', 'node_modules', 'dist'])

/**
 * Who follows a document: in a copy of the project, with a terminal, and a second one for what goes on. Packages are installed already, and
 * ports are free ones in place of those that the document has.
 */
export class Reader {
  readonly folder: string
  readonly #port: number
  readonly #shell: ChildProcess
  #going: { child: ChildProcess; output: string } | undefined

  private constructor(folder: string, port: number) {
    this.folder = folder
    this.#port = port
    this.#shell = spawn('bash', [], {
      cwd: folder,
      env: this.#environment(),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  }

  static async begin(): Promise<Reader> {
    const folder = await mkdtemp(join(tmpdir(), 'edgebatch-reader-'))
    const isCloned = (path: string) =>
      !relative(PROJECT_ROOT, path)
        .split('/')
        .some((part) => NOT_CLONED.has(part))
    await cp(PROJECT_ROOT, folder, { recursive: true, filter: isCloned })
    await symlink(join(PROJECT_ROOT, 'node_modules'), join(folder, 'node_modules'))
    return new Reader(folder, await freePort())
  }

  /** Runs commands in the one shell, whose variables stay; answers with what they printed. Rejects if one of them fails. */
  async run(commands: string): Promise<string> {
    const end = `end-of-block-${crypto.randomUUID()}`
    let [stdout, stderr] = ['', '']
    const onError = (data: Buffer) => (stderr += data)
    this.#shell.stderr?.on('data', onError)
    this.#shell.stdin?.write(
      `failed=0; trap 'failed=1' ERR; ${this.#here(commands)}\necho "${end} $failed"\n`,
    )
    while (!stdout.includes(end)) {
      const [data] = (await once(this.#shell.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
      stdout += data
    }
    this.#shell.stderr?.off('data', onError)
    const [printed = '', failed] = stdout.split(end)
    if (failed?.trim() !== '0') throw new Error(`failed:\n${commands}\n${printed}\n${stderr}`)
    return printed
  }

  /** Starts what goes on, in place of what does so already; answers once its output matches. Rejects if it ends before. */
  async runUntil(command: string, pattern: RegExp): Promise<void> {
    await this.#interrupt()
    const child = spawn('bash', ['-c', this.#here(command)], {
      ...{ cwd: this.folder, env: this.#environment(), stdio: ['ignore', 'pipe', 'pipe'] },
      detached: true,
    })
    const going = { child, output: '' }
    this.#going = going
    const ended = once(child, 'exit')
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (data) => {
          going.output += data
          if (pattern.test(going.output)) resolve()
        })
      ended.then(() => reject(new Error(`ended:\n${going.output}`)), reject)
    })
  }

  /** The lines that what goes on has printed, where they match. */
  printed(line: RegExp): string {
    const lines = this.#going?.output.split('\n').filter((text) => line.test(text)) ?? []
    return lines.map((text) => text.trim()).join('\n')
  }

  async end(): Promise<void> {
    await this.#interrupt()
    this.#shell.kill()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Ctrl-C, which a terminal sends to all that runs in it. */
  async #interrupt(): Promise<void> {
    const child = this.#going?.child
    this.#going = undefined
    if (child?.pid === undefined || child.exitCode !== null) return
    const ended = once(child, 'exit')
    process.kill(-child.pid, 'SIGINT')
    await ended
  }

  #here(commands: string): string {
    return commands
      .replace(/^npm ci && /, '')
      .replaceAll(/(?<=localhost:|PORT=)(8787|9000)/g, String(this.#port))
  }

  #environment(): Record<string, string> {
    const { REDIS_URL, ...inherited } = processEnv()
    return { ...inherited, PORT: String(this.#port) }
  }
}
