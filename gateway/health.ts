import { Hono } from 'hono'
import type { Clock } from '../shared/clock.ts'

export interface HealthDeps {
  isStopping: () => boolean
  /** Resolves once each Redis has answered; rejects, or takes longer than probes wait, if one does not. */
  pingRedis: () => Promise<unknown>
  clock: Clock
}

/** Probes give up after a second, where nobody says otherwise; an answer should come before that. */
const REDIS_PATIENCE_MS = 800

/**
 * `/live`, `/ready` and `/health`, for orchestrators and load balancers: they need no token and tell nothing secret. Readiness asks Redis,
 * once for all who ask meanwhile.
 */
export function healthRoutes({ isStopping, pingRedis, clock }: HealthDeps): Hono {
  let asking: Promise<boolean> | undefined
  const redisAnswers = (): Promise<boolean> => {
    asking ??= answersInTime(pingRedis, clock).finally(() => {
      asking = undefined
    })
    return asking
  }
  const app = new Hono()
  app.get('/health', (c) => c.text('ok'))
  // That it answers at all says that the event loop turns.
  app.get('/live', (c) => c.json({ status: 'live' }))
  app.get('/ready', async (c) => {
    const reasons: string[] = isStopping() ? ['draining'] : []
    if (!(await redisAnswers())) reasons.push('redis away')
    return reasons.length === 0 ? c.json({ status: 'ready' }) : c.json({ status: 'not ready', reasons }, 503)
  })
  return app
}

async function answersInTime(ping: () => Promise<unknown>, clock: Clock): Promise<boolean> {
  const answered = new AbortController()
  const pinged = ping().then(
    () => true,
    () => false,
  )
  const patience = clock.sleep(REDIS_PATIENCE_MS, answered.signal).then(() => false)
  const answers = await Promise.race([pinged, patience])
  answered.abort()
  return answers
}
