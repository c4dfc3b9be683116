import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { freePort } from '../../local-stack/free-port.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { ensureRedisBinary } from '../../local-stack/redis-binary.ts'
import { type ComposeFile, composeWith } from './compose-file.ts'
import { fillAsImage, imageCommand, imageEnvironment } from './image-folder.ts'
import { processEnv } from './process-env.ts'

const execute = promisify(execFile)
/** What listens, by the variable that says where; and Redis. */
const PORTS = ['REDIS', 'GATEWAY_PORT', 'GATEWAY_METRICS_PORT', 'HEALTH_PORT', 'PORT', 'METRICS_PORT']
type Part = 'gateway' | 'worker-pool' | 'edge'

/**
 * docker-compose.yaml without Docker: each part from a folder with just what its image holds, by the image's command, in the environment of
 * image and file, beside a Redis started by the file's command. Only addresses are others. To be closed.
 */
export class SelfHostedDeployment {
  readonly folder: string
  readonly compose: ComposeFile
  /** By variable, where each listens; `REDIS` for Redis. */
  readonly ports: Record<string, number>
  readonly #running: { name: string; child: ChildProcess; ended: Promise<unknown> }[] = []

  private constructor(folder: string, ports: Record<string, number>) {
    this.folder = folder
    this.compose = composeWith(readFileSync(join(folder, '.env'), 'utf8'))
    this.ports = ports
  }

  /** `poolPath`: the pool's PATH. */
  static async start({ poolPath }: { poolPath: string }): Promise<SelfHostedDeployment> {
    const folder = await mkdtemp(join(tmpdir(), 'edgebatch-self-hosted-'))
    await makeSecretsIn(folder)
    const ports: Record<string, number> = {}
    for (const name of PORTS) ports[name] = await freePort()
    const deployment = new SelfHostedDeployment(folder, ports)
    try {
      await deployment.#startAll(poolPath)
      return deployment
    } catch (error) {
      await deployment.close()
      throw error
    }
  }

  async #startAll(poolPath: string): Promise<void> {
    await this.#startRedis()
    await this.#startPart('gateway')
    await Promise.all([this.#startPart('worker-pool', { PATH: poolPath }), this.#startPart('edge')])
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.PORT}`
  }

  /** `docker compose run --rm tools ...` */
  async tools(...args: string[]): Promise<string> {
    const folder = join(this.folder, 'tools')
    await fillAsImage(folder, 'tools')
    const { stdout } = await execute(process.execPath, [...imageCommand('tools', 'ENTRYPOINT'), ...args], {
      cwd: folder,
      env: this.#onThisMachine(this.compose.services.tools?.environment ?? {}),
    })
    return stdout.trim()
  }

  /** That user's connection, which waits until Redis is there. */
  redisAs(user: 'exporter' | 'admin'): Redis {
    const { redis, tools } = this.compose.services
    const password =
      user === 'exporter'
        ? redis?.environment?.REDISCLI_AUTH
        : new URL(tools?.environment?.REDIS_URL ?? '').password
    const connection = new Redis(this.ports.REDIS as number, '127.0.0.1', {
      ...{ protocol: 2, username: `edgebatch-${user}`, password: password ?? '' },
      ...{ retryStrategy: () => 20, maxRetriesPerRequest: null },
    })
    connection.on('error', () => {})
    return connection
  }

  /** Ends one part, as `docker compose stop` does. */
  async stop(name: Part | 'redis'): Promise<void> {
    const { child, ended } = this.#running.find((one) => one.name === name) ?? {}
    child?.kill('SIGTERM')
    await ended
  }

  async close(): Promise<void> {
    for (const name of ['edge', 'worker-pool', 'gateway', 'redis'] as const) await this.stop(name)
    await rm(this.folder, { recursive: true, force: true })
  }

  async #startRedis(): Promise<void> {
    const [, ...args] = this.compose.services.redis?.command ?? []
    const users = join(this.folder, 'deploy/compose/users.acl')
    const here = [
      ...args.map((text) => text.replace('/etc/redis/users.acl', users)),
      ...['--port', String(this.ports.REDIS), '--bind', '127.0.0.1', '--dir', this.folder],
    ]
    const binary = await ensureRedisBinary(processEnv().PATH ?? '', () => {})
    const child = spawn(binary, here, { stdio: 'ignore' })
    this.#running.push({ name: 'redis', child, ended: once(child, 'exit') })
    const redis = this.redisAs('exporter')
    await redis.ping()
    redis.disconnect()
  }

  /** By the image's command, until it says that it is ready. */
  async #startPart(name: Part, variables: Record<string, string> = {}): Promise<void> {
    const { build, environment = {} } = this.compose.services[name] ?? {}
    const target = build?.target ?? ''
    const folder = join(this.folder, target)
    await fillAsImage(folder, target)
    const child = spawn(process.execPath, imageCommand(target, 'CMD'), {
      cwd: folder,
      env: { ...this.#onThisMachine({ ...imageEnvironment(target), ...environment }), ...variables },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let said = ''
    child.stderr?.on('data', (data: Buffer) => {
      said += data.toString()
    })
    const ended = once(child, 'exit')
    this.#running.push({ name, child, ended })
    const failed = ended.then(() => Promise.reject(new Error(`${name}: ${said}`)))
    await Promise.race([once(child, 'message'), failed])
    failed.catch(() => {})
  }

  /** Names of services are addresses within Docker's networks; here all have this machine's, and ports that were free. */
  #onThisMachine(environment: Record<string, string>): Record<string, string> {
    const moved = Object.entries(environment).map(([name, value]) => {
      if (/HOST$/.test(name)) return [name, '127.0.0.1']
      if (/PORT$/.test(name)) return [name, String(this.ports[name])]
      const redis = value.replace('@redis:6379', `@127.0.0.1:${this.ports.REDIS}`)
      return [name, redis.replace('//gateway:8079', `//127.0.0.1:${this.ports.GATEWAY_PORT}`)]
    })
    return { PATH: processEnv().PATH ?? '', ...Object.fromEntries(moved) }
  }
}

/** As docs/self-host.md says. */
export async function makeSecretsIn(folder: string): Promise<void> {
  await execute(process.execPath, ['deploy/compose/secrets-main.ts', folder], { cwd: PROJECT_ROOT })
}
