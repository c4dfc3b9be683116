import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Page } from 'playwright-core'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import type { PublicStats } from '../../shared/public-stats.ts'
import { RedisHistory } from '../../shared/redis-history.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { MINUTE_MS, takeSnapshot } from '../../shared/snapshot.ts'
import { announcePools, tenJobs } from '../../test/support/announced-pools.ts'
import { manifestOf } from '../../test/support/known-models.ts'
import { loseJobs } from '../../test/support/lost-jobs.ts'
import { storeApiKey } from '../../test/support/stored-api-key.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import type { Scene, TakeState, View } from './scene.ts'

const MODEL = 'efficientnet-lite0'
const WIDE = { width: 1440, height: 900 }
const keys = new RedisKeys('eb:')

async function dashboard(scene: Scene, view: View): Promise<Page> {
  const page = await scene.open('/dashboard', view)
  await page.locator('.headline').first().waitFor()
  return page
}

/** With an administrator's key, which dead letters take. */
async function administrators(scene: Scene, view: View): Promise<Page> {
  const redis = new Redis(scene.stack.redisUrl)
  const { token } = await storeApiKey({ redis, keys }, { admin: true })
  redis.disconnect()
  const page = await dashboard(scene, view)
  await page.evaluate(`sessionStorage.setItem('edgebatch-api-key', '${token}')`)
  await page.reload()
  return page
}

async function predict({ stack }: Scene, count: number): Promise<void> {
  const body = await readFile(join(PROJECT_ROOT, 'examples', 'cat.jpg'))
  const one = () => fetch(`${stack.edge.url}/predict?model=${MODEL}`, { method: 'POST', body })
  for (let i = 0; i < count; i++) await (await one()).arrayBuffer()
}

/** A pool tells every half minute what it did. */
async function untilTold({ stack }: Scene): Promise<void> {
  for (;;) {
    const stats = (await (await fetch(`${stack.edge.url}/stats`)).json()) as PublicStats
    if (stats.last_minute.settled > 0) return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** An hour in which the load rose and fell, made up: a picture should not take one. */
async function keepHistory({ stack }: Scene): Promise<void> {
  const [redis, tcp] = [new Redis(stack.redisUrl), await RedisTcp.connect(stack.redisUrl)]
  await redis.del(keys.history())
  const now = Number((await redis.time())[0]) * 1_000
  let accepted = 0
  for (let ago = 59; ago >= 0; ago--) {
    const load = 1 + Math.sin((59 - ago) / 9)
    accepted += Math.round(1_200 * load)
    const queue = { model: MODEL, version: '1', jobs: Math.round(90 * load ** 2), accepted }
    const recent = { [`${MODEL}@1`]: tenJobs() }
    for (const work of Object.values(recent)) work.settled = Math.round(1_150 * load)
    const pool = { id: 'a', models: [`${MODEL}@1`], device: 'cuda', inFlight: 0, imagesPerSecond: 0, recent }
    const told = { startedAt: 0, state: 'ok' as const, runningMs: 0, lastSettledAt: 0, idleMs: 0, busy: {} }
    const memory = { used: Math.round(40e6 + 20e6 * load), max: 256e6 }
    const snapshot = takeSnapshot(now - ago * MINUTE_MS, [queue], [{ ...pool, ...told }], {
      ...{ memory, deadLetters: 0 },
    })
    await new RedisHistory(tcp, keys).record(snapshot)
  }
  redis.disconnect()
  tcp.close()
}

/** By the names of their files. */
export const dashboardStates: Readonly<Record<string, TakeState>> = {
  'dashboard-live': async (scene) => {
    await predict(scene, 40)
    await untilTold(scene)
    const page = await dashboard(scene, WIDE)
    // Lines take some answers.
    await Promise.all([predict(scene, 60), page.waitForTimeout(25_000)])
    return page
  },
  'dashboard-hour': async (scene) => {
    await keepHistory(scene)
    const page = await dashboard(scene, { ...WIDE, dark: true })
    await page.getByRole('button', { name: 'Last hour' }).click()
    await page.getByRole('figure').getByText('p95').waitFor()
    await page.waitForTimeout(500)
    return page
  },
}

/** Those that are taken when the pool has stopped. */
export const dashboardStatesWithoutPool: Readonly<Record<string, TakeState>> = {
  'dashboard-dead-letter': async (scene) => {
    const queue = { model: MODEL, version: '1' }
    const [id = ''] = await loseJobs({ url: scene.stack.redisUrl, keys }, queue, 2)
    const page = await administrators(scene, { width: 1440, height: 1340 })
    await page.getByRole('button', { name: `Inspect ${id}` }).click()
    await page.getByRole('dialog').locator('dd').first().waitFor()
    return page
  },
  'dashboard-many-pools': async (scene) => {
    const recent = { 'dogs@1': tenJobs() }
    await announcePools({ url: scene.stack.redisUrl, keys }, manifestOf('dogs', '1'), 200, (i) => ({
      ...{ device: 'NVIDIA L4', recent, busy: { 'dogs@1': ((i * 37) % 100) / 100 }, inFlight: (i * 7) % 64 },
      state: i === 7 ? 'stuck' : i % 50 === 3 ? 'slow' : 'ok',
    }))
    const page = await dashboard(scene, WIDE)
    await page.getByRole('table', { name: 'Versions of models' }).getByText('dogs@1').waitFor()
    await page.getByRole('button', { name: 'Busy' }).click()
    return page
  },
  'dashboard-phone': (scene) => dashboard(scene, { width: 390, height: 780, dark: true }),
}
