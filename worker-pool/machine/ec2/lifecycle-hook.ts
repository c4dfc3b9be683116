import { AwsQueryError } from '../../../shared/aws-query.ts'
import type { Clock } from '../../../shared/clock.ts'
import { Ec2Metadata, isTerminating } from './ec2-metadata.ts'
import { LifecycleAction, type LifecycleActionSettings } from './lifecycle-action.ts'

export interface LifecycleHookOptions extends LifecycleActionSettings {
  baseUrl: string
  clock: Clock
  log: {
    info: (details: object, text: string) => void
    warn: (details: object, text: string) => void
  }
}

/** A hook's timeout is 30 s at least. */
const HEARTBEAT_MS = 15_000
const ATTEMPTS = 3
const PAUSE_MS = 500

/**
 * The hook that makes an auto-scaling group wait before it terminates a machine. The group waits for as long as the pool drains, and no longer.
 * Where the group cannot be told, it goes on by itself after the hook's timeout: a machine that is paid for a little longer, or jobs that are
 * taken over by others.
 */
export class LifecycleHook {
  readonly #options: LifecycleHookOptions
  readonly #metadata: Ec2Metadata
  readonly #action: LifecycleAction

  constructor(options: LifecycleHookOptions) {
    this.#options = options
    this.#metadata = new Ec2Metadata(options.baseUrl)
    this.#action = new LifecycleAction(this.#metadata, options, options.clock)
  }

  /** Has the group wait until `drained` aborts. Never rejects. */
  async keepWaiting(drained: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    let failing = false
    for (;;) {
      await clock.sleep(HEARTBEAT_MS, drained)
      if (drained.aborted) return
      try {
        // A spot instance that ends without its group's doing has nobody to wait for it.
        if (await isTerminating(this.#metadata, drained)) await this.#action.heartbeat(drained)
        failing = false
      } catch (error) {
        if (drained.aborted) return
        if (!failing) log.warn(this.#details(error), 'cannot have the group wait')
        failing = true
      }
    }
  }

  /** The pool has drained: the group goes on, if it waits. Never rejects, and gives up when `signal` aborts. */
  async complete(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        if (!(await isTerminating(this.#metadata, signal))) return
        await this.#action.complete(signal)
        return log.info(this.#details(), 'the group has been told that this machine can go')
      } catch (error) {
        const isFinal =
          error instanceof AwsQueryError && /^(AccessDenied|ValidationError)/.test(error.code ?? '')
        if (isFinal || attempt === ATTEMPTS || signal.aborted)
          return log.warn(this.#details(error), 'the group is not told, and waits until its hook is over')
        await clock.sleep(PAUSE_MS, signal)
      }
    }
  }

  #details(error?: unknown): object {
    const reason = error instanceof Error ? error.message : error === undefined ? undefined : String(error)
    return { hook: this.#options.hookName, reason }
  }
}
