import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import { type DueWebhook, WEBHOOK_LEASE_MS, type WebhookOutbox } from '../../shared/webhook-outbox.ts'
import { ReceiverTurns } from './receiver-turns.ts'
import type { WebhookDelivering } from './webhook-delivery.ts'

export interface SenderDeps {
  outbox: WebhookOutbox
  delivering: Pick<WebhookDelivering, 'deliver'>
  clock: Clock
  /** Milliseconds, monotonic. */
  elapsed: () => number
  random: () => number
  log: Logger
}

/** How often is looked for webhooks: while none is known of, and while there are jobs that will have one. */
const IDLE_MS = 30_000
const EXPECTING_MS = 5_000
/** After no more could be held, or Redis has refused. */
const CROWDED_MS = 250
const REFUSED_MS = 5_000
/** For what was taken and not sent, once the pool ends. */
const GIVE_BACK_MS = 1_000

const TAKEN_AT_ONCE = 32
const TURNS = { running: 32, runningOfHost: 4, held: 256, waitingOfHost: 64 }
/** No attempt is begun that could outlast its lease: 10 s for the request, and Redis has to be told. */
const MIN_LEASE_LEFT_MS = 20_000

/** Sends what is due, from Redis, as long as it runs. Several pools may do so at the same time. */
export class WebhookSender {
  readonly #deps: SenderDeps
  readonly #turns: ReceiverTurns
  readonly #held = new Set<Promise<void>>()
  readonly #cutOff = new AbortController()
  #stopping = false
  #woken = new AbortController()
  #finished: Promise<void> = Promise.resolve()

  constructor(deps: SenderDeps) {
    this.#deps = deps
    this.#turns = new ReceiverTurns(TURNS, deps)
  }

  start(): void {
    this.#finished = this.#run()
  }

  /** Something may be due: looks now. */
  kick(): void {
    this.#woken.abort()
  }

  /** Takes once more what is due; requests may go on for `limitMs`. All else stays in Redis, for others to take. Never rejects. */
  async stop(limitMs: number): Promise<void> {
    this.#stopping = true
    this.kick()
    const ended = new AbortController()
    const done = this.#finished.then(() => Promise.all(this.#held)).finally(() => ended.abort())
    await this.#deps.clock.sleep(limitMs, ended.signal)
    this.#cutOff.abort(new Error('the pool stops'))
    // Giving back takes Redis, which may be away; then the leases do.
    await Promise.race([done, this.#deps.clock.sleep(GIVE_BACK_MS, ended.signal)])
  }

  async #run(): Promise<void> {
    for (;;) {
      const isLast = this.#stopping
      this.#woken = new AbortController()
      const pauseMs = await this.#takeDue().catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error)
        this.#deps.log.warn({ reason }, 'could not look for webhooks')
        return REFUSED_MS
      })
      if (this.#cutOff.signal.aborted || (isLast && pauseMs > 0)) return
      if (pauseMs > 0) await this.#deps.clock.sleep(pauseMs, this.#woken.signal)
    }
  }

  /** How long until there may be more. */
  async #takeDue(): Promise<number> {
    const room = Math.min(TAKEN_AT_ONCE, this.#turns.room)
    if (room <= 0) return CROWDED_MS
    const takenAt = this.#deps.elapsed()
    const { due, damaged, nextDueInMs } = await this.#deps.outbox.take(room)
    if (damaged.length > 0) this.#deps.log.warn({ jobs: damaged }, 'webhooks of jobs that cannot be read')
    const putOff = due.map((webhook) => this.#begin(webhook, takenAt)).filter((given) => given !== undefined)
    // Others may be due behind them. A pool that ends need not look there.
    await Promise.all(putOff)
    if (putOff.length > 0 && this.#stopping) return CROWDED_MS
    return nextDueInMs === undefined ? IDLE_MS : Math.min(nextDueInMs, EXPECTING_MS)
  }

  /** Undefined if it is held from now on; else resolves once it is given back. */
  #begin(due: DueWebhook, takenAt: number): Promise<void> | undefined {
    const { url } = due.webhook
    const receiver = { owner: due.job.owner, host: URL.canParse(url) ? new URL(url).host : '' }
    const turn = this.#turns.take(receiver, async () => {
      const heldMs = this.#deps.elapsed() - takenAt
      if (WEBHOOK_LEASE_MS - heldMs < MIN_LEASE_LEFT_MS) return
      if (this.#cutOff.signal.aborted) return this.#giveBack(due, 0)
      await this.#deliver(due, due.job.read_at + heldMs)
    })
    if (typeof turn === 'number') return this.#giveBack(due, turn)
    this.#hold(turn)
    return undefined
  }

  async #deliver(due: DueWebhook, now: number): Promise<void> {
    try {
      const { status } = await this.#deps.delivering.deliver(due, now, this.#cutOff.signal)
      // The pause in which it is to be sent again begins now.
      if (status === 'pending') this.kick()
    } catch (error) {
      if (this.#cutOff.signal.aborted) return this.#giveBack(due, 0)
      this.#deps.log.error({ err: error, job: due.job.id }, 'a webhook could not be told')
    }
  }

  /** If that fails, it is due again when its lease is over. */
  #giveBack(due: DueWebhook, inMs: number): Promise<void> {
    return this.#deps.outbox.release(due, Math.round(inMs)).catch(() => {})
  }

  #hold(task: Promise<void>): void {
    this.#held.add(task)
    void task.finally(() => this.#held.delete(task))
  }
}
