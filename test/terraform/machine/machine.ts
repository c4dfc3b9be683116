import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { freePort } from '../../../local-stack/free-port.ts'
import { PROJECT_ROOT } from '../../../local-stack/project-root.ts'
import { processEnv } from '../../support/process-env.ts'
import { apisThat, type FakeCloud } from './fake-cloud.ts'

const FILES = join(PROJECT_ROOT, 'terraform/modules/worker-bootstrap/files')
const DOCKER = fileURLToPath(new URL('./fake-docker.ts', import.meta.url))
const POWER_OFF = 'systemctl --no-block poweroff'
/** A service that is started more often than this is not bounded at all. */
const ENDLESS = 20

/** An image that anybody may pull. */
export const IMAGE = 'ghcr.io/you/edgebatch-pool:1'

export interface Ended {
  code: number | null
  /** What is in the boot log. */
  said: string
}

export interface Running {
  ended: Promise<Ended>
  /** Resolves once one of the machine's commands was called like this, now or later. Rejects if the script ends before. */
  untilCalled: (what: RegExp) => Promise<void>
  stop: () => void
}

type Script = 'install-container-runtime' | 'prepare' | 'run' | 'after-stop'

/** What the fake docker's registry and daemon do (fake-docker.ts). */
interface DockerWorld {
  images?: Record<string, string | null>
  hangs?: boolean
  daemonIsDown?: boolean
  runtimes?: string[]
  runFailure?: string
  /** What a container runs in place of its command. */
  command?: string[]
}

export interface MachineOptions {
  settings?: Record<string, string>
  poolEnv?: Record<string, string>
  docker?: DockerWorld
  /** The file system of a machine whose cloud-init file was unpacked, with settings and scripts to take instead. */
  unpacked?: string
  /** What nvidia-smi prints, in sh; undefined: there is none. */
  nvidiaSmi?: string | undefined
}

/**
 * A machine that boots: the real scripts, with the machine's own commands (docker, systemctl, systemd-notify, nvidia-smi, sleep) replaced
 * by fakes that tell what they were asked. Ends with the test.
 */
export class Machine {
  readonly cloud: FakeCloud
  readonly folder: string
  /** Calls of the machine's commands so far, but for docker's. */
  readonly commands: string[] = []
  readonly #scripts: ChildProcess[] = []
  #arrived = Promise.withResolvers<void>()

  /** Where the pool answers /live. */
  readonly healthPort: number

  private constructor(cloud: FakeCloud, folder: string, healthPort: number) {
    this.cloud = cloud
    this.folder = folder
    this.healthPort = healthPort
  }

  static async make(cloud: FakeCloud, options: MachineOptions = {}): Promise<Machine> {
    const machine = new Machine(cloud, await mkdtemp(join(tmpdir(), 'edgebatch-machine-')), await freePort())
    onTestFinished(() => machine.#remove())
    await machine.#install(options)
    return machine
  }

  start(script: Script, variables: Record<string, string> = {}): Running {
    const child = spawn(join(this.folder, 'lib', script), {
      env: { ...this.#environment(), ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#scripts.push(child)
    const said: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => said.push(data))
    const ended = once(child, 'close').then(([code]) => ({ code, said: Buffer.concat(said).toString() }))
    const tooEarly = ended.then(({ said }) => Promise.reject(new Error(`${script} has ended: ${said}`)))
    tooEarly.catch(() => {})
    const untilCalled = async (what: RegExp) => {
      while (!this.commands.some((line) => what.test(line)))
        await Promise.race([this.#arrived.promise, tooEarly])
    }
    return { ended, untilCalled, stop: () => child.kill('SIGTERM') }
  }

  run(script: Script, variables: Record<string, string> = {}): Promise<Ended> {
    return this.start(script, variables).ended
  }

  /** The service's life as its unit has it, start after start, until the machine is powered off. What each start said. */
  async serveUntilPowerOff(): Promise<Ended[]> {
    const starts: Ended[] = []
    while (!this.commands.includes(POWER_OFF)) {
      const prepared = await this.run('prepare')
      const served = prepared.code === 0 ? await this.run('run') : prepared
      const result = served.code === 0 ? 'success' : 'exit-code'
      const { said } = await this.run('after-stop', { SERVICE_RESULT: result })
      starts.push({ code: served.code, said: served.said + said })
      if (starts.length > ENDLESS) throw new Error('the service is started without end')
    }
    return starts
  }

  /** Seconds that were waited, by the fake `sleep`. */
  get pauses(): number[] {
    return this.commands.filter((line) => line.startsWith('sleep ')).map((line) => Number(line.slice(6)))
  }

  async dockerCalls(): Promise<string[][]> {
    const text = await readFile(join(this.folder, 'docker', 'calls'), 'utf8').catch(() => '')
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  }

  /** All files under a folder of the machine, with what is in them. */
  async files(...path: string[]): Promise<Record<string, string>> {
    const root = join(this.folder, ...path)
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
    const files = entries.filter((entry) => entry.isFile())
    const read = files.map(async ({ parentPath, name }) => {
      const file = join(parentPath, name)
      return [file.slice(root.length + 1), await readFile(file, 'utf8')] as const
    })
    return Object.fromEntries(await Promise.all(read))
  }

  /** What docker's registry and daemon do from now on. */
  async setDocker(world: DockerWorld): Promise<void> {
    await writeFile(join(this.folder, 'docker', 'registry.json'), JSON.stringify({ images: {}, ...world }))
  }

  async #install({
    settings = {},
    poolEnv = {},
    docker,
    nvidiaSmi,
    unpacked,
  }: MachineOptions): Promise<void> {
    for (const name of ['etc', 'lib', 'run', 'bin', 'docker']) await mkdir(join(this.folder, name))
    const port = { HEALTH_PORT: String(this.healthPort) }
    if (unpacked === undefined) {
      await cp(FILES, join(this.folder, 'lib'), { recursive: true })
      await cp(join(FILES, `${this.cloud.name}.sh`), join(this.folder, 'lib', 'cloud.sh'))
      await this.#add('etc/bootstrap.conf', quotedLines({ ...SETTINGS, ...this.cloud.settings }))
    } else {
      await cp(join(unpacked, 'etc/edgebatch'), join(this.folder, 'etc'), { recursive: true })
      await cp(join(unpacked, 'usr/local/lib/edgebatch'), join(this.folder, 'lib'), { recursive: true })
    }
    await this.#add('etc/bootstrap.conf', quotedLines({ ...OWN_SETTINGS, ...port, ...settings }))
    await this.#add('etc/pool.env', lines({ ...port, ...poolEnv }))
    await this.setDocker({ images: { [IMAGE]: null }, ...docker })
    await this.#installCommands(nvidiaSmi)
  }

  async #installCommands(nvidiaSmi: string | undefined): Promise<void> {
    const bus = await apisThat(({ body }) => {
      this.commands.push(body.toString())
      this.#arrived.resolve()
      this.#arrived = Promise.withResolvers()
      return { status: 200, body: '' }
    })
    const tell = (name: string) => `curl --silent --noproxy '*' --data-binary "${name} $*" ${bus}`
    for (const name of ['systemctl', 'systemd-notify', 'sleep']) await this.#command(name, tell(name))
    // Without `--`, Node would take docker's --env-file for its own.
    const docker = `exec '${process.execPath}' -- '${DOCKER}' '${join(this.folder, 'docker')}' "$DOCKER_CONFIG" "$@"`
    await this.#command('docker', docker)
    if (nvidiaSmi !== undefined) await this.#command('nvidia-smi', nvidiaSmi)
  }

  #command = async (name: string, script: string) => {
    await this.#add(`bin/${name}`, `#!/bin/sh\n${script}\n`)
    await chmod(join(this.folder, 'bin', name), 0o755)
  }

  async #add(path: string, content: string): Promise<void> {
    await writeFile(join(this.folder, path), content, { flag: 'a' })
  }

  #environment(): Record<string, string> {
    return {
      PATH: `${join(this.folder, 'bin')}:${processEnv().PATH}`,
      EDGEBATCH_ETC: join(this.folder, 'etc'),
      RUNTIME_DIRECTORY: join(this.folder, 'run'),
      ...this.cloud.variables,
    }
  }

  async #remove(): Promise<void> {
    for (const script of this.#scripts) script.kill('SIGKILL')
    await once(spawn(join(this.folder, 'bin', 'docker'), ['rm', '--force', 'edgebatch-pool']), 'exit')
    await rm(this.folder, { recursive: true, force: true })
  }
}

const lines = (values: Record<string, string>) =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
const quotedLines = (values: Record<string, string>) =>
  lines(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, `'${value}'`])))

/** As the module has them. */
const SETTINGS: Record<string, string> = {
  IMAGE,
  USE_GPU: 'false',
  STOP_SECONDS: '25',
  MAX_START_ATTEMPTS: '7',
  FAILURE_WINDOW_SECONDS: '3600',
  RETRY_PAUSE_SECONDS: '15',
  MAX_RETRY_PAUSE_SECONDS: '300',
  PULL_SECONDS: '870',
  METADATA_ATTEMPTS: '10',
  METADATA_PAUSE_SECONDS: '3',
  CALL_SECONDS: '20',
  CHECK_SECONDS: '5',
  GONE_SECONDS: '300',
}

/** The secrets' owner is whoever runs the test. */
const OWN_SETTINGS = { POOL_USER: String(process.getuid?.() ?? 0) }
