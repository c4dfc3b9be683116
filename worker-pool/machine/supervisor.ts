import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Clock } from '../../shared/clock.ts'
import type { DevicePool } from './device-pools.ts'
import { RestartPauses } from './restart-pauses.ts'

/** EX_CONFIG of sysexits.h: the settings or the model package do not fit, and starting again would change nothing. */
export const CONFIGURATION_EXIT_CODE = 78

/** What a process was ended by. */
interface Exit {
  /** Null where a signal ended it, or it could not even be started. */
  code: number | null
  signal: NodeJS.Signals | null
  /** Whether it had said `ready`. */
  wasReady: boolean
  /** Why it could not be started; undefined where it was. */
  reason?: string
}

export interface SupervisorDependencies {
  /** Starts the process of one pool, with an IPC channel. May throw. */
  startProcess: (pool: DevicePool) => ChildProcess
  clock: Clock
  /** From 0 to below 1. */
  random: () => number
  /** Once all pools have said `ready`; what the first of them said. */
  onReady: (message: object) => void
  log: {
    info: (details: object, text: string) => void
    warn: (details: object, text: string) => void
    error: (details: object, text: string) => void
  }
  /** A process that was told to stop and is still there after this is killed. */
  killAfterMs: number
}

/**
 * Keeps one process a GPU running: one that crashes is started again after a pause, and takes no other with it. One that
 * ends with 0 ended because it wanted to, and stays ended. One that ends with 78 before any was ever ready ends all: its settings
 * and its models are theirs. Later the same code means a fault of its own (a GPU that is gone, a port that is taken), or one
 * that the others do not have yet: it is started again, and they go on.
 */
export class Supervisor {
  readonly #dependencies: SupervisorDependencies
  readonly #stopping = new AbortController()
  readonly #running = new Set<ChildProcess>()
  readonly #notReady: Set<number>
  #firstReady: object | undefined
  #exitCode = 0
  /** The exit code for all of it: 0, 78, or 1 where a pool did not stop as it should. Never rejects. */
  readonly finished: Promise<number>

  constructor(pools: readonly DevicePool[], dependencies: SupervisorDependencies) {
    this.#dependencies = dependencies
    this.#notReady = new Set(pools.map(({ device }) => device))
    this.finished = Promise.all(pools.map((pool) => this.#keepRunning(pool))).then(() => this.#exitCode)
  }

  /** Passes `signal` on to every pool, and starts none again. Further calls do nothing: the pools are stopping. */
  stop(signal: NodeJS.Signals): void {
    if (this.#stopping.signal.aborted) return
    this.#stopping.abort()
    for (const child of this.#running) child.kill(signal)
    void this.#killLate()
  }

  /** Kills every pool, and starts none again: for somebody who will not wait. */
  kill(): void {
    this.#stopping.abort()
    for (const child of this.#running) child.kill('SIGKILL')
  }

  async #keepRunning(pool: DevicePool): Promise<void> {
    const { clock, random, log } = this.#dependencies
    const { signal: stopping } = this.#stopping
    const pauses = new RestartPauses(clock, random)
    while (!stopping.aborted) {
      const exit = await this.#runOnce(pool, pauses)
      const details = { device: pool.device, ...exit }
      if (stopping.aborted) return this.#noteStop(exit)
      if (exit.code === 0) return log.info(details, 'a pool has ended by itself')
      const cannotRun = exit.code === CONFIGURATION_EXIT_CODE
      if (cannotRun && !this.#firstReady) return this.#endAll(details)
      const pauseMs = Math.round(pauses.next())
      if (cannotRun)
        log.error(
          { ...details, pauseMs },
          'a pool cannot run as it is set up; it is tried again, others go on',
        )
      else log.warn({ ...details, pauseMs }, 'a pool has crashed and is started again')
      await clock.sleep(pauseMs, stopping)
    }
  }

  async #runOnce(pool: DevicePool, pauses: RestartPauses): Promise<Exit> {
    let child: ChildProcess | undefined
    let wasReady = false
    try {
      child = this.#dependencies.startProcess(pool)
      this.#running.add(child)
      child.on('message', (message) => {
        if (!isReady(message)) return
        wasReady = true
        pauses.ready()
        this.#noteReady(pool.device, message)
      })
      const [code, signal] = await once(child, 'exit')
      return { code, signal, wasReady }
    } catch (error) {
      // It could not even be started: too many processes, no memory.
      const reason = error instanceof Error ? error.message : String(error)
      return { code: null, signal: null, wasReady, reason }
    } finally {
      if (child) this.#running.delete(child)
    }
  }

  #noteReady(device: number, message: object): void {
    this.#firstReady ??= message
    const waited = this.#notReady.delete(device)
    if (waited && this.#notReady.size === 0) this.#dependencies.onReady(this.#firstReady)
  }

  #noteStop({ code, signal, wasReady }: Exit): void {
    // Ended by the signal that was passed on: it had not come so far that it handles signals, hence had claimed nothing.
    const obeyed = code === 0 || (!wasReady && (signal === 'SIGTERM' || signal === 'SIGINT'))
    if (!obeyed) this.#exitCode ||= 1
  }

  #endAll(details: object): void {
    this.#exitCode = CONFIGURATION_EXIT_CODE
    this.#dependencies.log.error(details, 'a pool cannot run with these settings, and none has: all stop')
    this.stop('SIGTERM')
  }

  async #killLate(): Promise<void> {
    const allEnded = new AbortController()
    void this.finished.then(() => allEnded.abort())
    await this.#dependencies.clock.sleep(this.#dependencies.killAfterMs, allEnded.signal)
    for (const child of this.#running) child.kill('SIGKILL')
  }
}

function isReady(message: unknown): message is object {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready'
}
