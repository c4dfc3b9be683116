import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import type { PublicModels } from '../../shared/public-models.ts'
import type { PublicStats } from '../../shared/public-stats.ts'
import { onlyModel } from '../support/model-package.ts'
import { endlessGraph, SIDE, smallPackage } from '../support/small-models.ts'
import { type TestStack, testStack } from '../support/stack.ts'

const STUCK_SECONDS = 1
/** What a pool with one session takes before it leaves jobs to others: one that it runs, one after it, one that it loads. */
const HELD = 3

/** Ids of the jobs that no pool gets done. */
const endless: string[] = []
let removePackage: () => Promise<void>
let stack: TestStack
beforeAll(async () => {
  const { folder, remove } = await smallPackage(
    { task: 'embedding', outputs: { embedding: 'embedding' } },
    { 'model.onnx': endlessGraph },
  )
  removePackage = remove
  stack = await testStack({
    poolEnv: { ...onlyModel(folder), STUCK_SECONDS: String(STUCK_SECONDS), MAX_BATCH_SIZE: '1' },
  })
})
afterAll(async () => {
  // They would drain for as long as they may.
  for (const pool of stack?.pools ?? []) await pool.kill()
  await stack?.close()
  await removePackage?.()
})

const plain = (brightness: number) =>
  sharp({
    create: {
      ...{ width: SIDE, height: SIDE, channels: 3 },
      background: { r: brightness, g: brightness, b: brightness },
    },
  })
    .png()
    .toBuffer()

const stats = async () => (await (await stack.get('/stats')).json()) as PublicStats

test('a pool is told of as stuck, and is not counted as live, from soon after its run has taken too long', async () => {
  expect((await stack.predict(await plain(100))).status).toBe(200)
  expect((await stack.get('/ready')).status).toBe(200)

  for (let i = 0; i <= HELD; i++) {
    const response = await stack.predict(await plain(255), { headers: { prefer: 'respond-async' } })
    expect(response.status).toBe(202)
    endless.push(((await response.json()) as PublicJob).id)
  }
  let seen = await stats()
  while (seen.pools[0]?.state !== 'stuck') seen = await stats()
  expect(seen.pools).toHaveLength(1)
  expect(seen.pools[0]?.running_for_seconds).toBeGreaterThan(STUCK_SECONDS)
  expect(Date.parse(seen.pools[0]?.last_settled_at ?? '')).toBeGreaterThan(
    Date.parse(seen.pools[0]?.started_at ?? ''),
  )
  expect(seen.pools[0]?.in_flight).toBeGreaterThan(0)
  expect(seen.models).toMatchObject([
    { backlog: { normal: HELD + 1 }, oldest_waiting_seconds: expect.any(Number) },
  ])

  let ready = await stack.get('/ready')
  while (ready.status === 200) ready = await stack.get('/ready')
  expect(ready.status).toBe(503)
  expect(await ready.json()).toMatchObject({ code: 'no-pool', detail: expect.stringContaining('stuck') })
  const { models } = (await (await stack.get('/models')).json()) as PublicModels
  expect(models).toMatchObject([{ live: false, pools: { count: 0, ids: [] } }])
  // It drains nothing, and nobody is told to expect anything of it.
  expect((await stats()).models[0]?.drain_rate).toBeNull()
})

test('beside one that is not, it keeps nobody from being ready', async () => {
  for (const id of endless) await fetch(`${stack.edge.url}/result/${id}`, { method: 'DELETE' })
  await stack.addPool()
  while ((await stack.get('/ready')).status !== 200);
  const { models } = (await (await stack.get('/models')).json()) as PublicModels
  expect(models).toMatchObject([{ live: true, pools: { count: 1 } }])
})
