import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import type { WebhookOutbox } from '../../shared/webhook-outbox.ts'

const LOOK_EVERY_MS = 30_000
/** At each look, so many in one script: Redis serves others between two. */
const LOOKED_AT_ONCE = 500
const SCRIPTS = 20

/** For a pool that cannot sign webhooks: says so, once, when some have been left unsent, and forgets those that nobody will send. Never rejects. */
export async function tendUnsendable(
  outbox: Pick<WebhookOutbox, 'take' | 'forget'>,
  clock: Clock,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  let [leftBefore, warned] = [false, false]
  for (; !signal.aborted; await clock.sleep(LOOK_EVERY_MS, signal)) {
    const waits = await outbox.take(0).then(
      ({ nextDueInMs }) => nextDueInMs === 0,
      () => false,
    )
    // One that has been due for so long is not another pool's work of this moment.
    if (waits && leftBefore && !warned) {
      log.warn('webhooks wait, and this pool cannot sign them: set WEBHOOK_SECRET (whsec_...)')
      warned = true
    }
    leftBefore = waits
    // Where Redis is away nothing grows.
    if (waits) await forgetSome(outbox).catch(() => {})
  }
}

async function forgetSome(outbox: Pick<WebhookOutbox, 'forget'>): Promise<void> {
  let skip = 0
  for (let i = 0; i < SCRIPTS; i++) {
    const { looked, forgotten } = await outbox.forget(skip, LOOKED_AT_ONCE)
    if (looked < LOOKED_AT_ONCE) return
    skip += looked - forgotten
  }
}
