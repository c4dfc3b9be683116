import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ensureRedisBinary } from '../../local-stack/redis-binary.ts'
import { type OwnRedis, startRedis } from '../../local-stack/redis-server.ts'
import { processEnv } from './process-env.ts'

/** When Redis has its disk write what it has appended to its file: before it answers, or once a second. */
export type Fsync = 'always' | 'everysec'

/**
 * A Redis that keeps what it is told in an append-only file, and can be killed and started again on the same port. That the machine goes down
 * with it, and with what the disk had not been told to write, is had by cutting the file. Ends with the test.
 */
export class DurableRedis {
  readonly #folder: string
  readonly #fsync: Fsync
  #server: OwnRedis

  private constructor(folder: string, fsync: Fsync, server: OwnRedis) {
    this.#folder = folder
    this.#fsync = fsync
    this.#server = server
    onTestFinished(async () => {
      await this.kill()
      await rm(folder, { recursive: true, force: true })
    })
  }

  static async start(fsync: Fsync): Promise<DurableRedis> {
    const folder = await mkdtemp(join(tmpdir(), 'edgebatch-redis-'))
    return new DurableRedis(folder, fsync, await started(folder, fsync))
  }

  get url(): string {
    return this.#server.url
  }

  /** SIGKILL: it has no time to write anything. */
  kill(): Promise<void> {
    return this.#server.stop()
  }

  async startAgain(): Promise<void> {
    this.#server = await started(this.#folder, this.#fsync, Number(new URL(this.url).port))
  }

  /** Bytes of the file that grows with each write. */
  async written(): Promise<number> {
    return (await stat(await this.#file())).size
  }

  /** What is behind that many bytes never reached the disk. To be called while it is not running. */
  async loseAfter(bytes: number): Promise<void> {
    await truncate(await this.#file(), bytes)
  }

  async #file(): Promise<string> {
    const folder = join(this.#folder, 'appendonlydir')
    const files = (await readdir(folder)).filter((file) => file.endsWith('.incr.aof'))
    if (files.length !== 1) throw new Error(`${folder} holds ${files.length} files that grow`)
    return join(folder, files[0] as string)
  }
}

async function started(folder: string, fsync: Fsync, port?: number): Promise<OwnRedis> {
  const file = await ensureRedisBinary(processEnv().PATH ?? '', () => {})
  return startRedis(file, folder, port, [
    ...['--appendonly', 'yes', '--appendfsync', fsync, '--aof-load-truncated', 'yes'],
    ...['--auto-aof-rewrite-percentage', '0'],
  ])
}
