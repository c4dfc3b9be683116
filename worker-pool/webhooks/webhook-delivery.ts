import type { Logger } from 'pino'
import { ProblemError } from '../../shared/errors.ts'
import type { WebhookEvent } from '../../shared/webhook.ts'
import type { DueWebhook, WebhookOutbox, WebhookOutcome } from '../../shared/webhook-outbox.ts'
import type { UntilGranted } from '../redis/until-granted.ts'
import { nextAttemptInMs } from './retry-schedule.ts'
import { webhookMessage } from './webhook-message.ts'
import type { WebhookObserver, WebhookResult } from './webhook-observer.ts'
import type { SendWebhook, WebhookAnswer } from './webhook-request.ts'

export interface DeliveryDeps {
  outbox: WebhookOutbox
  send: SendWebhook
  /** WEBHOOK_SECRET. */
  masterSecret: string
  observer: WebhookObserver
  untilGranted: UntilGranted
  random: () => number
  log: Logger
}

interface Verdict {
  result: WebhookResult
  outcome: WebhookOutcome
  retryInMs?: number | undefined
}

const GONE = 410
const OFF = 'its receiver has said that it is gone (HTTP 410)'
const NOT_KEPT = 'the result was not kept any longer'

/** Tells one webhook, and what became of it. */
export class WebhookDelivering {
  readonly #deps: DeliveryDeps

  constructor(deps: DeliveryDeps) {
    this.#deps = deps
  }

  /**
   * Sends it once and writes the outcome down. `now`: by Redis' clock, ms; receivers believe what was sent within five minutes of theirs, and this
   * machine's may be wrong. Rejects, and it stays taken, if `signal` aborts before there is an outcome, or Redis is not there.
   */
  async deliver(due: DueWebhook, now: number, signal: AbortSignal): Promise<WebhookOutcome> {
    const { outbox, observer, untilGranted } = this.#deps
    const verdict = await this.#verdict(due, now, signal)
    const { result, outcome, retryInMs } = verdict
    await untilGranted('settle webhook', () => outbox.settle(due, outcome, retryInMs))
    observer.webhook(result)
    this.#tell(due, verdict)
    return outcome
  }

  async #verdict(due: DueWebhook, now: number, signal: AbortSignal): Promise<Verdict> {
    const { job, webhook } = due
    const before = outcomeSoFar(due)
    if (!webhook.events.includes(job.status as WebhookEvent))
      return { result: 'skipped', outcome: { ...before, status: 'skipped' } }
    // The first attempt may come late, for a result that is kept for seconds: as long as the job is there it is made.
    if (job.outlived && before.attempts > 0)
      return { result: 'given-up', outcome: { ...before, status: 'failed', last_error: NOT_KEPT } }
    if (await this.#deps.outbox.isOff(due))
      return { result: 'refused', outcome: { ...before, status: 'disabled', last_error: OFF } }
    return this.#judge(due, await this.#attempt(due, now, signal))
  }

  async #attempt(due: DueWebhook, now: number, signal: AbortSignal): Promise<WebhookAnswer | ProblemError> {
    const { send, masterSecret } = this.#deps
    const message = await webhookMessage(due, masterSecret, now)
    return send(due.webhook.url, message, signal).catch((error: unknown) => {
      if (error instanceof ProblemError) return error
      throw error
    })
  }

  #judge(due: DueWebhook, answer: WebhookAnswer | ProblemError): Verdict {
    const before = outcomeSoFar(due)
    if (answer instanceof ProblemError) {
      const outcome: WebhookOutcome = { ...before, status: 'failed', last_error: answer.detail }
      return { result: 'given-up', outcome }
    }
    const attempts = before.attempts + 1
    const told = { attempts, last_status: answer.status, last_error: answer.error }
    if (answer.error === null) return { result: 'delivered', outcome: { ...told, status: 'delivered' } }
    if (answer.status === GONE)
      return { result: 'disabled', outcome: { ...told, status: 'disabled', last_error: OFF } }
    const retryInMs = nextAttemptInMs(attempts, this.#deps.random(), answer.retryAfterMs)
    if (retryInMs === undefined) return { result: 'given-up', outcome: { ...told, status: 'failed' } }
    return { result: 'failed', outcome: { ...told, status: 'pending' }, retryInMs }
  }

  /** Of the URL only the host: path and query may hold what its owner keeps secret. */
  #tell({ job, webhook }: DueWebhook, { result, outcome, retryInMs }: Verdict): void {
    const host = URL.canParse(webhook.url) ? new URL(webhook.url).host : ''
    const { attempts, last_error: reason } = outcome
    const told = { job: job.id, host, attempts }
    const { log } = this.#deps
    const isExpected = result === 'delivered' || result === 'skipped' || result === 'refused'
    if (isExpected) log.debug(told, `webhook ${result}`)
    else log.info({ ...told, reason, retryInMs }, `webhook ${result}`)
  }
}

function outcomeSoFar({ job }: DueWebhook): WebhookOutcome {
  const { attempts = 0, last_status = null, last_error = null } = job.webhook_delivery ?? {}
  return { status: 'pending', attempts, last_status, last_error }
}
