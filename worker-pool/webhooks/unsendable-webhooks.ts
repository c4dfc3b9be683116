import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import type { WebhookOutbox } from '../../shared/webhook-outbox.ts'

const LOOK_EVERY_MS = 30_000

/** For a pool that cannot sign webhooks: says so, once, when some have been left unsent. Never rejects. */
export async function warnOfUnsendable(
  outbox: Pick<WebhookOutbox, 'take'>,
  clock: Clock,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (let leftBefore = false; !signal.aborted; await clock.sleep(LOOK_EVERY_MS, signal)) {
    const waits = await outbox.take(0).then(
      ({ nextDueInMs }) => nextDueInMs === 0,
      () => false,
    )
    // One that has been due for so long is not another pool's work of this moment.
    if (waits && leftBefore) {
      log.warn('webhooks wait, and this pool cannot sign them: set WEBHOOK_SECRET (whsec_...)')
      return
    }
    leftBefore = waits
  }
}
