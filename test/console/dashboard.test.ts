import type { Browser, Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { RedisHistory } from '../../shared/redis-history.ts'
import { MINUTE_MS, takeSnapshot } from '../../shared/snapshot.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { announcePools, tenJobs } from '../support/announced-pools.ts'
import { axeViolations, newPage, startBrowser, type TestPage } from '../support/browser.ts'
import { manifestOf } from '../support/known-models.ts'
import { loseJobs } from '../support/lost-jobs.ts'
import { example } from '../support/photos.ts'
import { redisUrlOf } from '../support/redis-users.ts'
import { MODEL, poolsOf, stackWithoutPools, type TestStack } from '../support/stack.ts'
import { storeApiKey } from '../support/stored-api-key.ts'

/** The page asks this often. */
const ASKED_EVERY_MS = 5_000
const QUEUE = { model: MODEL, version: '1' }
const DOGS = manifestOf('dogs', '1')

/** Half an hour in which a job a second came. */
async function keepHistory({ keys, redis }: TestStack): Promise<void> {
  const tcp = await RedisTcp.connect(redisUrlOf('edge'))
  const history = new RedisHistory(tcp, keys)
  const [now] = await redis.time()
  for (let ago = 30; ago > 0; ago--) {
    const queue = { model: MODEL, version: '1', jobs: ago, accepted: 6_000 - 60 * ago }
    const more = { memory: { used: 5_000_000 + 100_000 * ago, max: null }, deadLetters: null }
    await history.record(takeSnapshot(Number(now) * 1000 - ago * MINUTE_MS, [queue], [], more))
  }
  tcp.close()
}

describe.skipIf(inject('chromium') === undefined)('the dashboard', () => {
  let stack: TestStack
  let browser: Browser
  let admin: string
  let caller: string
  beforeAll(async () => {
    ;[stack, browser] = await Promise.all([stackWithoutPools({ ALLOW_ANONYMOUS: 'false' }), startBrowser()])
    admin = (await storeApiKey(stack, { admin: true })).token
    caller = (await storeApiKey(stack)).token
    await keepHistory(stack)
    const recent = { 'dogs@1': tenJobs() }
    await announcePools(poolsOf(stack), DOGS, 200, (i) => ({ recent, state: i === 7 ? 'stuck' : 'ok' }))
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.close()
  })

  /** With an administrator's key, and figures. Its clock stands still unless a test moves it. */
  async function opened(options = {}): Promise<TestPage> {
    const page = await newPage(browser, options)
    await page.clock.install()
    await page.addInitScript(`sessionStorage.setItem('edgebatch-api-key', '${admin}')`)
    await page.goto(`${stack.edge.url}/dashboard`)
    await headline(page, 'Pools').getByText('200').waitFor()
    return page
  }
  async function accept(jobs: number): Promise<void> {
    const headers = { prefer: 'respond-async', authorization: `Bearer ${caller}` }
    for (let i = 0; i < jobs; i++)
      expect((await stack.predict(example('cat.jpg'), { headers, query: `?model=${MODEL}` })).status).toBe(
        202,
      )
  }

  test('refuses a key that is no administrator’s, and takes one that is', async () => {
    const page = await newPage(browser)
    await page.goto(`${stack.edge.url}/dashboard`)
    const asked = page.getByRole('alert')
    const commands = page.getByText('keys create')
    await asked.getByText('This page asks for the API key of an administrator.').waitFor()
    await page.getByRole('status').getByText('Figures are shown once there is a key').waitFor()
    expect(await commands.allInnerTexts()).toEqual(['npx edgebatch keys create --admin'])
    expect(await page.getByRole('main').innerText()).not.toContain('Bearer')
    const use = async (key: string) => {
      await page.getByRole('textbox', { name: 'API key' }).fill(key)
      await page.getByRole('button', { name: 'Use this key' }).press('Enter')
    }
    await use('eb_unknown')
    await asked.getByText('This is no API key of this service').waitFor()
    await use(caller)
    await asked.getByText('This API key is not an administrator’s.').waitFor()
    expect(await commands.count()).toBe(1)
    expect(await page.getByRole('table').count()).toBe(0)
    await use(admin)
    await headline(page, 'Pools').getByText('200').waitFor()
    expect(await page.getByRole('heading', { name: 'API key', exact: true }).count()).toBe(0)
    expect(page.problems).toEqual([])
  })

  test('adds up what two hundred pools tell, and finds those that one looks for', async () => {
    const page = await opened()
    expect(await headline(page, 'Done').locator('strong').innerText()).toBe('33.3/s')
    expect(await headline(page, 'Pools').innerText()).toMatch(/200.*0 in flight · 1 stuck/s)
    await page.getByRole('list').getByText('400 runs').waitFor()
    await page.getByRole('list').getByText('undecodable-image').waitFor()
    const pools = page.getByRole('table', { name: 'Worker pools' })
    const rows = pools.getByRole('row')
    expect(await rows.count()).toBe(1 + 20)
    const pages = page.getByRole('navigation', { name: 'Pages of Worker pools' })
    await pages.getByRole('button', { name: 'Next' }).press('Enter')
    await pages.getByText('Page 2 of 10').waitFor()
    await pools.getByRole('button', { name: 'Pool' }).press('Enter')
    expect(await pools.getByRole('columnheader', { name: 'Pool' }).getAttribute('aria-sort')).toBe(
      'ascending',
    )
    await page.getByLabel('State of pools').selectOption('stuck')
    expect(await rows.nth(1).innerText()).toMatch(/^pool-7\s+stuck/)
    expect(await rows.count()).toBe(2)
    await page.getByLabel('State of pools').selectOption('')
    await page.getByLabel('Find pools').fill('POOL-19')
    await page.getByText('11 of 200 pools').waitFor()
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await axeViolations(page)).toEqual([])
    expect(page.problems).toEqual([])
  })

  test('is live until it is paused', async () => {
    const page = await opened()
    const backlog = headline(page, 'Backlog').locator('strong')
    const before = Number(await backlog.innerText())
    await accept(2)
    await page.clock.runFor(ASKED_EVERY_MS)
    await backlog.getByText(String(before + 2)).waitFor()
    await page.getByRole('button', { name: 'Pause' }).press('Space')
    await page.getByText(/^Paused\. Figures of/).waitFor()
    let asked = 0
    page.on('request', () => (asked += 1))
    await accept(1)
    await page.clock.runFor(10 * ASKED_EVERY_MS)
    expect([asked, await backlog.innerText()]).toEqual([0, String(before + 2)])
    await page.getByRole('button', { name: 'Pause' }).press('Space')
    await backlog.getByText(String(before + 3)).waitFor()
  })

  test('shows the last hour, of all models or one, also after a reload', async () => {
    const page = await opened()
    for (const reopen of [() => {}, () => page.reload()]) {
      await reopen()
      const [answer] = await Promise.all([
        page.waitForResponse('**/stats/history'),
        page.getByRole('button', { name: 'Last hour' }).click(),
      ])
      expect(((await answer.json()) as { minutes: [] }).minutes.length).toBeGreaterThanOrEqual(30)
      const charts = page.getByRole('region', { name: 'The last hour' })
      await charts
        .getByRole('listitem')
        .filter({ hasText: /^ ?Jobs \d/ })
        .waitFor()
      for (const figure of [charts.getByRole('figure').first(), charts.getByRole('figure').last()])
        while ((await lineLength(figure)) < 100);
    }
    await page.getByLabel('Version', { exact: true }).selectOption(`${MODEL}@1`)
    expect(await headline(page, 'Done').locator('strong').innerText()).toBe('0/s')
    expect(page.problems).toEqual([])
  })

  test('where Redis does not tell what it takes in memory, the chart says so in place of a line', async () => {
    const page = await newPage(browser)
    await page.route('**/stats', async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, json: { ...((await response.json()) as object), redis: null } })
    })
    await page.addInitScript(`sessionStorage.setItem('edgebatch-api-key', '${admin}')`)
    await page.goto(`${stack.edge.url}/dashboard`)
    const memory = page.getByRole('figure').filter({ hasText: 'Redis memory' })
    await memory.getByText('Redis does not tell').waitFor()
    expect(await page.getByText('Redis does not tell').count()).toBe(1)
    await page.unroute('**/stats')
    await memory.getByText('Redis does not tell').waitFor({ state: 'detached' })
    expect(page.problems).toEqual([])
  })

  test('dead letters are looked at, retried and dropped', async () => {
    await accept(3)
    const [one = '', two = '', three = ''] = await loseJobs(poolsOf(stack), QUEUE, 3)
    const page = await opened()
    const letters = page.getByRole('table', { name: 'Dead letters' })
    await page.getByRole('button', { name: `Inspect ${one}` }).press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Dead letter' })
    await dialog.getByText('instance-lost').waitFor()
    expect(await dialog.innerText()).toContain('job.request_id')
    expect(await axeViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })

    // Pressed twice before there is an answer, it is one job all the same.
    await page.getByRole('button', { name: `Retry ${one}` }).evaluate((element) => {
      const button = element as unknown as { focus: () => void; click: () => void }
      button.focus()
      for (let press = 0; press < 2; press++) button.click()
    })
    const said = page.getByRole('status').filter({ hasText: 'Runs again as' })
    await said.waitFor()
    const [id = ''] = /[\w-]+\.efficientnet-lite0/.exec(await said.innerText()) ?? []
    expect(await stack.redis.hget(stack.keys.job(MODEL, id), 'retry_of')).toBe(one)
    expect(await said.innerText()).toContain(`No pool serves ${MODEL}@1 now`)
    expect(await focused(page)).toBe('dead-letters')

    await page.getByRole('button', { name: `Drop ${two}` }).press('Enter')
    await page.getByRole('button', { name: 'Drop it' }).press('Enter')
    await page.getByText(`Dropped ${two}.`).waitFor()
    expect(await letters.getByRole('row').count()).toBe(2)
    expect(await focused(page)).toBe('dead-letters')
    expect(await stack.redis.xlen(stack.keys.dead(MODEL))).toBe(1)
    expect(page.problems).toEqual([])

    // Another administrator has dropped it, which this page does not know yet.
    const headers = { authorization: `Bearer ${admin}` }
    await fetch(`${stack.edge.url}/dead-letters/${three}`, { method: 'DELETE', headers })
    await page.getByRole('button', { name: `Retry ${three}` }).press('Enter')
    await page.getByRole('status').getByText('No such dead letter').waitFor()
    await page.getByText('None: every job').waitFor()
  })

  test('dead letters that cannot be read are not said to be none', async () => {
    const page = await newPage(browser)
    await page.route('**/dead-letters?*', (route) => route.abort())
    await page.addInitScript(`sessionStorage.setItem('edgebatch-api-key', '${admin}')`)
    await page.goto(`${stack.edge.url}/dashboard`)
    await page.getByRole('status').getByText('The service cannot be reached').waitFor()
    expect(await page.getByText('None: every job').count()).toBe(0)
    await page.unroute('**/dead-letters?*')
    await page.getByText('None: every job').waitFor()
  })

  test('fits a phone', async () => {
    const page = await opened({ viewport: { width: 360, height: 740 } })
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    expect(await axeViolations(page)).toEqual([])
  })
})

function focused(page: TestPage): Promise<unknown> {
  return page.evaluate('document.activeElement.id')
}

function headline(page: TestPage, name: string): Locator {
  return page.locator('.headline').filter({ has: page.locator('dt', { hasText: new RegExp(`^${name}$`) }) })
}

/** How many points of a chart have the colour of its first line: bluer than red, which axes are not. */
async function lineLength(figure: Locator): Promise<number> {
  return figure.locator('canvas').evaluate((element) => {
    const canvas = element as unknown as OffscreenCanvas
    const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
    let points = 0
    for (let i = 0; i < data.length; i += 4)
      if ((data[i + 3] as number) > 200 && (data[i + 2] as number) - (data[i] as number) > 100) points += 1
    return points
  })
}
