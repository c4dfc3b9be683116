import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { cli } from './cli-session.ts'
import type { CommandOutcome } from './edgebatch-process.ts'
import { example } from './photos.ts'
import { MODEL, type TestStack, testStack } from './stack.ts'
import { storeApiKey } from './stored-api-key.ts'

/** A stack that asks for API keys, and the command line of somebody who has one. To be closed. */
export class CliStack {
  /** Jobs that may wait before the queue is full. */
  static readonly BACKLOG = 6
  readonly stack: TestStack
  /** For files of the tests. */
  readonly folder: string
  readonly #token: string

  private constructor(stack: TestStack, folder: string, token: string) {
    this.stack = stack
    this.folder = folder
    this.#token = token
  }

  static async start(): Promise<CliStack> {
    const edgeBindings = { ALLOW_ANONYMOUS: 'false', MAX_BACKLOG: String(CliStack.BACKLOG) }
    const stack = await testStack({ edgeBindings })
    const { token } = await storeApiKey(stack)
    return new CliStack(stack, await mkdtemp(join(tmpdir(), 'edgebatch-cli-')), token)
  }

  environment(key = this.#token): Record<string, string> {
    return { EDGEBATCH_URL: this.stack.edge.url, EDGEBATCH_API_KEY: key }
  }

  run(...argv: string[]): Promise<CommandOutcome> {
    return cli({ environment: this.environment() }, ...argv)
  }

  /** So many photos that nobody has sent before, as files. */
  async photos(count: number): Promise<string[]> {
    const files = Array.from({ length: count }, () => join(this.folder, `${crypto.randomUUID()}.jpg`))
    // Behind its end, a JPEG may have anything.
    for (const file of files) await writeFile(file, Buffer.concat([example('cat.jpg'), Buffer.from(file)]))
    return files
  }

  /** The pool stands still until the test is over, or `goOn` is called. */
  standstill(): { goOn: () => void } {
    const pid = this.stack.pools[0]?.pid as number
    process.kill(pid, 'SIGSTOP')
    const goOn = () => void process.kill(pid, 'SIGCONT')
    onTestFinished(goOn)
    return { goOn }
  }

  /** Jobs of normal priority that wait or are run. */
  backlog(): Promise<number> {
    const { redis, keys } = this.stack
    return redis.xlen(keys.queue({ model: MODEL, version: '1' }))
  }

  async jobsMade(): Promise<number> {
    const { redis, keys } = this.stack
    return (await redis.keys(keys.job(MODEL, '*'))).length
  }

  async close(): Promise<void> {
    await this.stack.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}
