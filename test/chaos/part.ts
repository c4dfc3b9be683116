import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type NodeService, type ServiceSpec, startService } from '../../local-stack/node-service.ts'

/** Between two tries to start what does not come up; whoever keeps services running waits about so long. */
const START_AGAIN_MS = 500

interface AroundDeath {
  before?: (pid: number) => Promise<void>
  after?: (pid: number) => Promise<void>
}

/**
 * A process of the system in the hands of somebody who keeps it running: what ends by itself is started again, and so is what cannot start
 * since Redis is away. What is done to it is done one after another.
 */
export class Part {
  readonly spec: ServiceSpec
  /** What it said when it ended without being told to. */
  readonly endings: string[] = []
  #service: NodeService | undefined
  #last: Promise<void> = Promise.resolve()
  #ending = false

  constructor(spec: ServiceSpec) {
    this.spec = spec
  }

  get pid(): number | undefined {
    return this.#service?.pid
  }

  /** For the first time: throws what keeps it from starting. */
  async begin(): Promise<void> {
    await this.#begin()
  }

  /** If it is not there. */
  start(): Promise<void> {
    return this.#inTurn(() => this.#start())
  }

  /** `before` is awaited in its turn, right before the process is killed, and `after` right after; both are told its id. */
  crash(downMs: number, { before, after }: AroundDeath = {}): Promise<void> {
    return this.#inTurn(async () => {
      const { pid } = this
      if (pid !== undefined) await before?.(pid)
      await this.#end('kill')
      if (pid !== undefined) await after?.(pid)
      await sleep(downMs)
      await this.#start()
    })
  }

  /** It is told to stop, ends in its own time, and another starts. */
  replace(downMs: number): Promise<void> {
    return this.#inTurn(async () => {
      await this.#end('stop')
      await sleep(downMs)
      await this.#start()
    })
  }

  /** It does nothing for a while, and knows nothing of it. */
  stall(ms: number): Promise<void> {
    return this.#inTurn(async () => {
      if (this.pid === undefined) return
      // What is stopped does not notice that we vanish: then the shell, whose standard input ends with us, lets it go on.
      const guard = spawn('sh', ['-c', 'kill -STOP "$0"; read _; kill -CONT "$0"', String(this.pid)], {
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
      })
      const ended = once(guard, 'exit')
      await sleep(ms)
      guard.stdin.end()
      await ended
    })
  }

  /** For good. */
  stop(): Promise<void> {
    this.#ending = true
    return this.#inTurn(() => this.#end('stop'))
  }

  /** For good, at once. */
  async abandon(): Promise<void> {
    this.#ending = true
    await this.#end('kill')
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work)
    return this.#last
  }

  async #start(): Promise<void> {
    while (!this.#ending && !this.#service) {
      try {
        await this.#begin()
      } catch (error) {
        this.endings.push(error instanceof Error ? error.message : String(error))
        await sleep(START_AGAIN_MS)
      }
    }
  }

  async #begin(): Promise<void> {
    const service = await startService(this.spec)
    if (this.#ending) return service.kill()
    this.#service = service
    void service.endedByItself.then((reason) => this.#startAgain(service, reason))
  }

  #startAgain(service: NodeService, reason: string): void {
    this.endings.push(reason)
    if (this.#service !== service) return
    this.#service = undefined
    void this.start()
  }

  async #end(how: 'kill' | 'stop'): Promise<void> {
    const service = this.#service
    this.#service = undefined
    await service?.[how]()
  }
}
