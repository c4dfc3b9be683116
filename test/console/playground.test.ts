import type { Browser, Locator } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type NodeService, startService } from '../../local-stack/node-service.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { axeViolations, newPage, startBrowser, type TestPage } from '../support/browser.ts'
import { BUNDLED_MODEL } from '../support/model-package.ts'
import { example } from '../support/photos.ts'
import { processEnv } from '../support/process-env.ts'
import { embeddingGraph, smallPackage } from '../support/small-models.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'
import { storeApiKey } from '../support/stored-api-key.ts'
import { SwitchedWay } from '../support/switched-way.ts'

/** Jobs that may wait; one more is refused until some have left. */
const MAX_BACKLOG = 3

const file = (name: string, buffer = example('cat.jpg')) => ({ name, mimeType: 'image/jpeg', buffer })
const card = (page: TestPage, name: string) => page.getByRole('article', { name, exact: true })
const says = (part: Locator, text: string | RegExp) => part.locator('.status', { hasText: text }).waitFor()
const choose = (page: TestPage, ...files: ReturnType<typeof file>[]) =>
  page.getByLabel('Choose photos').setInputFiles(files)

describe.skipIf(inject('chromium') === undefined)('the playground', () => {
  let stack: TestStack
  let browser: Browser
  let key: string
  let embedding: Awaited<ReturnType<typeof smallPackage>>
  let beside: typeof embedding
  let restarted: NodeService | undefined
  beforeAll(async () => {
    const fields = { task: 'embedding', outputs: { embedding: 'embedding' } } as const
    const files = { 'model.onnx': embeddingGraph }
    embedding = await smallPackage(fields, files)
    // By name, the first of all.
    beside = await smallPackage({ ...fields, name: 'beside' }, files)
    const models = { MODEL_DIR: '', MODELS: [BUNDLED_MODEL, embedding.folder, beside.folder].join() }
    const edgeBindings = { DEFAULT_MODEL: MODEL, ALLOW_ANONYMOUS: 'false', MAX_BACKLOG: String(MAX_BACKLOG) }
    ;[stack, browser] = await Promise.all([testStack({ edgeBindings, poolEnv: models }), startBrowser()])
    key = (await storeApiKey(stack)).token
  })
  afterAll(async () => {
    await browser?.close()
    await restarted?.stop()
    await stack?.close()
    await embedding?.remove()
    await beside?.remove()
  })

  /** With the key, and the models known. */
  async function opened(options = {}, url = stack.edge.url): Promise<TestPage> {
    const page = await newPage(browser, options)
    await page.addInitScript(`sessionStorage.setItem('edgebatch-api-key', '${key}')`)
    await page.goto(url)
    await page.getByLabel('Model').waitFor()
    return page
  }

  test('asks for an API key where one is needed, and keeps it in this tab only', async () => {
    const page = await newPage(browser)
    await page.goto(stack.edge.url)
    await page.getByRole('heading', { level: 1, name: 'Playground' }).waitFor()
    const asked = page.getByRole('alert')
    await asked.waitFor()
    expect(await asked.innerText()).toBe('This service asks for an API key. Paste yours here.')
    await page.getByRole('button', { name: 'Enter an API key' }).waitFor()
    await choose(page, file('cat.jpg'))
    await card(page, 'cat.jpg').getByRole('button', { name: 'Try again' }).waitFor()
    expect(await page.getByRole('main').innerText()).not.toContain('Bearer')
    expect(await axeViolations(page)).toEqual([])
    await page.getByText(/keys create, where REDIS_URL says which Redis/).waitFor()
    const use = async (typed: string) => {
      await page.getByRole('textbox', { name: 'API key' }).fill(typed)
      await page.getByRole('button', { name: 'Use this key' }).press('Enter')
    }
    await use(`Bearer ${key}`)
    await page.locator('#api-key:invalid').waitFor()
    await use('eb_unknown')
    await asked.getByText('This is no API key of this service').waitFor()
    await use(key)
    expect(await page.getByLabel('Model').inputValue()).toBe(MODEL)
    expect(await page.getByRole('heading', { name: 'API key', exact: true }).count()).toBe(0)
    const kept = await page.evaluate('[{ ...sessionStorage }, { ...localStorage }, document.cookie]')
    expect(kept).toEqual([{ 'edgebatch-api-key': key }, {}, ''])
    expect(page.problems).toEqual([])
  })

  test('what asks for a key leaves once the key is accepted, which may be later', async () => {
    const page = await newPage(browser)
    await page.addInitScript(`sessionStorage.setItem('edgebatch-api-key', '${key}')`)
    await page.route('**/models', (route) => {
      const { authorization, ...headers } = route.request().headers()
      return route.continue({ headers: { ...headers, authorization: `${authorization}x` } })
    })
    await page.goto(stack.edge.url)
    await page.getByRole('alert').getByText('This is no API key of this service').waitFor()
    await page.unroute('**/models')
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await page.getByRole('heading', { name: 'API key', exact: true }).waitFor({ state: 'detached' })
    await page.getByLabel('Model').waitFor()
  })

  test('the model that calls get which name none is chosen until another is', async () => {
    const page = await opened()
    const models = page.getByLabel('Model')
    expect(await models.inputValue()).toBe(MODEL)
    expect(await models.getByRole('option').allInnerTexts()).toEqual([
      'beside (version 1)',
      `${MODEL} (version 1)`,
      'small (version 1)',
    ])
  })

  test('a photo comes to its labels, with its times and its call', async () => {
    const page = await opened()
    await choose(page, file('coffee.png', example('coffee.png')))
    const photo = card(page, 'coffee.png')
    await says(photo, 'espresso')
    expect(await photo.getByRole('list', { name: 'Labels' }).getByRole('listitem').count()).toBe(5)
    const times = await photo.getByLabel('Where the time went').locator('dt').allInnerTexts()
    expect(times.map((name) => name.trim())).toEqual(['Validate', 'Decode', 'Enqueue', 'Queue', 'Predict'])
    await photo.getByText('Call it from your code').click()
    expect(await photo.locator('pre').textContent()).toContain(`${stack.edge.url}/predict?model=${MODEL}`)
    await photo.getByRole('button', { name: 'Python' }).click()
    expect(await photo.locator('pre').textContent()).toContain('requests.post')
    expect(page.problems).toEqual([])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await axeViolations(page)).toEqual([])
    }
  })

  test('an embedding is shown as its numbers', async () => {
    const page = await opened()
    await page.getByLabel('Model').selectOption('small')
    await choose(page, file('cat.jpg'))
    await says(card(page, 'cat.jpg'), 'Done')
    await card(page, 'cat.jpg').getByRole('heading', { name: 'Embedding of 3 numbers' }).waitFor()
    expect(await axeViolations(page)).toEqual([])
  })

  test('a refusal is told in the service’s words, also to who does not see it', async () => {
    const page = await opened({ viewport: { width: 360, height: 740 } })
    await choose(page, file('notes.txt', Buffer.from('no photo')))
    const photo = card(page, 'notes.txt')
    await photo.getByRole('heading', { name: 'Not a supported image' }).waitFor()
    const told = await photo.locator('.refusal').innerText()
    expect(told).toMatch(/JPEG, PNG.*unsupported-image · HTTP 415 · request/s)
    await page.getByRole('status').getByText('notes.txt: Not a supported image').waitFor()
    expect(await axeViolations(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
  })

  test('of several that are refused each line says why, and none is offered again that will not do', async () => {
    const page = await opened()
    await choose(page, file('notes.txt', Buffer.from('no photo')), file('empty.jpg', Buffer.alloc(0)))
    await card(page, 'notes.txt').getByText('JPEG, PNG').waitFor()
    await card(page, 'empty.jpg').getByText('The image is empty').waitFor()
    await page.getByText('2 without a result').waitFor()
    expect(await page.getByRole('button', { name: /again/ }).count()).toBe(0)
    expect(await axeViolations(page)).toEqual([])
  })

  test('many photos: each comes to its end', async () => {
    const page = await opened()
    await choose(page, ...Array.from({ length: 20 }, (_, i) => file(`photo-${i}.jpg`)))
    await page.getByText('20 photos: 20 done').waitFor()
    expect(await page.getByRole('article').count()).toBe(20)
    expect(await axeViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Clear what is done' }).click()
    expect(await page.getByRole('article').count()).toBe(0)
  })

  test('pasted and dropped photos are taken as well', async () => {
    const page = await opened()
    await page.evaluate(`
      const photo = Uint8Array.fromBase64('${example('cat.jpg').toString('base64')}')
      const data = new DataTransfer()
      data.items.add(new File([photo], 'cat.jpg'))
      dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }))
      dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }))
    `)
    await page.getByText('2 photos: 2 done').waitFor()
  })

  describe('while no pool takes jobs', () => {
    let page: TestPage
    beforeAll(async () => {
      await stack.pools[0]?.stop()
      page = await opened()
    })

    test('a photo tells its place, and a full queue when it is tried again', async () => {
      for (const [i, name] of ['a.jpg', 'b.jpg', 'c.jpg'].entries()) {
        await choose(page, file(name))
        await says(card(page, name), `Queued · place ${i + 1}`)
        expect(await card(page, name).locator('[aria-current=step]').innerText()).toBe('Queue')
      }
      await choose(page, file('d.jpg'))
      await says(card(page, 'd.jpg'), /The queue is full: tries again in \d+ s/)
      expect(await axeViolations(page)).toEqual([])
    })

    test('what is canceled ends, whether it was accepted or not; what was refused is sent again and has its place', async () => {
      const cancel = async (name: string) => {
        await page.getByRole('button', { name: `Cancel ${name}` }).press('Enter')
        await says(card(page, name), 'Canceled')
      }
      await choose(page, file('e.jpg'))
      await says(card(page, 'e.jpg'), 'The queue is full')
      await cancel('e.jpg')
      await cancel('c.jpg')
      await says(card(page, 'd.jpg'), 'Queued · place 3')
      for (const name of ['d.jpg', 'b.jpg', 'a.jpg']) await cancel(name)
    })

    test('what is sent takes the key of that moment, and is canceled with the same', async () => {
      const other = (await storeApiKey(stack)).token
      const several = await opened()
      const sent: string[] = []
      const changed = Promise.withResolvers<void>()
      await several.route('**/predict*', async (route) => {
        sent.push(route.request().headers().authorization ?? '')
        await changed.promise
        await route.continue()
      })
      const names = ['k.jpg', 'l.jpg', 'm.jpg']
      await choose(several, ...names.map((name) => file(name)))
      await says(card(several, 'm.jpg'), 'Waiting to be sent')
      await several.getByRole('button', { name: 'API key' }).click()
      await several.getByRole('textbox', { name: 'API key' }).fill(other)
      await several.getByRole('button', { name: 'Use this key' }).click()
      changed.resolve()
      for (const name of names) {
        await says(card(several, name), 'Queued')
        await several.getByRole('button', { name: `Cancel ${name}` }).click()
        await says(card(several, name), 'Canceled')
      }
      // What the full queue refuses at first is sent again.
      const keys = sent.map((header) => header.replace('Bearer ', ''))
      expect([keys.slice(0, 2), new Set(keys.slice(2))]).toEqual([[key, key], new Set([other])])
    })

    test('what becomes of a photo is told though those before it hold all streams', async () => {
      const many = await opened()
      const waiting = ['n.jpg', 'o.jpg', 'p.jpg']
      await choose(many, ...waiting.map((name) => file(name)))
      for (const name of waiting) await says(card(many, name), 'Queued')
      await many.getByLabel('Model').selectOption('small')
      const others: { name: string; id: string }[] = []
      for (const name of ['q.jpg', 'r.jpg', 's.jpg']) {
        const [answer] = await Promise.all([many.waitForResponse('**/predict*'), choose(many, file(name))])
        others.push({ name, id: ((await answer.json()) as PublicJob).id })
        await says(card(many, name), 'Queued')
      }
      // By another than the page.
      const headers = { authorization: `Bearer ${key}` }
      for (const { id } of others)
        await fetch(`${stack.edge.url}/result/${id}`, { method: 'DELETE', headers })
      for (const { name } of others) await says(card(many, name), 'Canceled')
      for (const name of waiting) {
        await says(card(many, name), 'Queued')
        await many.getByRole('button', { name: `Cancel ${name}` }).click()
        await says(card(many, name), 'Canceled')
      }
      expect(many.problems).toEqual([])
    })

    test('what it shows as the model’s view is what waits for the model', async () => {
      const photo = await sharp(example('rocket.jpg')).png().toBuffer()
      const [answer] = await Promise.all([
        page.waitForResponse('**/predict*'),
        choose(page, file('rocket.png', photo)),
      ])
      const { id } = (await answer.json()) as PublicJob
      await card(page, 'rocket.png').locator('figure[aria-busy=false]').waitFor()
      // What was added last comes first.
      const drawn =
        "document.querySelector('.model-input canvas').getContext('2d').getImageData(0, 0, 224, 224).data"
      const pixels = Buffer.from(
        (await page.evaluate(`new Uint8Array(${drawn}.buffer).toBase64()`)) as string,
        'base64',
      )
      const colours = pixels.filter((_, i) => i % 4 < 3)
      const input = Buffer.from((await stack.redis.get(stack.keys.input(MODEL, id))) ?? '', 'base64')
      expect(input).toHaveLength(224 * 224 * 3)
      const distances = Array.from(colours, (value, i) => Math.abs(value - (input[i] as number)))
      expect(distances.reduce((most, distance) => Math.max(most, distance))).toBeLessThanOrEqual(1)
      await page.getByRole('button', { name: 'Cancel rocket.png' }).click()
      await says(card(page, 'rocket.png'), 'Canceled')
    })

    test('the page comes back to its job after its connection was cut and the gateway has restarted', async () => {
      const way = await SwitchedWay.to(Number(new URL(stack.edge.url).port))
      const away = await opened({}, `http://127.0.0.1:${way.port}`)
      await choose(away, file('f.jpg'))
      await says(card(away, 'f.jpg'), 'Queued')
      await way.switch('refused')
      await says(card(away, 'f.jpg'), 'reconnecting')
      const { url, token, service } = stack.gateway
      await service.stop()
      const env = { ...processEnv(), REDIS_URL: inject('redisUrls').edge, GATEWAY_TOKEN: token }
      const again = { name: 'gateway-again', entry: 'gateway/main.ts', folder: stack.folder }
      const starting = startService({ ...again, env: { ...env, GATEWAY_PORT: new URL(url).port } })
      ;[restarted] = await Promise.all([starting, stack.addPool(), way.switch('open')])
      await says(card(away, 'f.jpg'), /cat/)
    })
  })
})
