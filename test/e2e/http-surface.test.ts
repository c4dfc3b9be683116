import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newBatchId, newJobId } from '../../shared/job-id.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { example } from '../support/photos.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'
import { storeApiKey } from '../support/stored-api-key.ts'

const PAGE = 'https://page.test'

/** Anybody may call this one, and a pool serves it; of the other, only pages of PAGE may, with a key, and no pool is there. */
let open: TestStack
let closed: TestStack
beforeAll(async () => {
  open = await testStack()
  closed = await testStack({ pools: 0, edgeBindings: { ALLOW_ANONYMOUS: 'false', CORS_ORIGINS: PAGE } })
})
afterAll(async () => {
  await open?.close()
  await closed?.close()
})

function ask(stack: TestStack, method: string, path: string, headers: Record<string, string> = {}) {
  return fetch(stack.edge.url + path, { method, headers, redirect: 'manual' })
}

const list = (value: string | null) => (value ?? '').split(',').map((item) => item.trim())

/** An answer of each kind: a route's own, and problems made at every depth. */
const ANSWERS: [method: string, path: () => string, status: number][] = [
  ['GET', () => '/', 200],
  ['GET', () => '/health', 200],
  ['GET', () => '/models', 200],
  ['GET', () => '/nothing-here', 404],
  ['GET', () => `/result/${newJobId(MODEL)}`, 404],
  ['GET', () => `/result/${newBatchId(MODEL)}`, 404],
  ['GET', () => '/predict', 405],
  ['POST', () => '/predict', 400],
  ['POST', () => '/predict?model=none', 400],
]

describe('every answer, problems among them', () => {
  test.each(ANSWERS)(
    '%s %s: may be read by any page and be nothing but data',
    async (method, path, status) => {
      const { headers, status: answered } = await ask(open, method, path(), { origin: PAGE })
      expect(answered).toBe(status)
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('access-control-allow-credentials')).toBeNull()
      expect(list(headers.get('access-control-expose-headers'))).toEqual(
        expect.arrayContaining([
          'Location',
          'Retry-After',
          'RateLimit',
          'Server-Timing',
          'X-Request-Id',
          'Link',
        ]),
      )
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cross-origin-resource-policy': 'cross-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      })
      expect(headers.get('x-powered-by')).toBeNull()
    },
  )

  test('to a stranger is as open to his page, which so can read why it is refused', async () => {
    const { headers, status } = await ask(closed, 'GET', '/models', { origin: PAGE })
    expect(status).toBe(401)
    expect(headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(headers.get('vary')).toMatch(/Origin/i)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('is closed to pages that are not named', async () => {
    for (const origin of ['https://other.test', `${PAGE}.evil.test`, 'null']) {
      const { headers } = await ask(closed, 'GET', '/health', { origin })
      expect(headers.get('access-control-allow-origin')).toBeNull()
      expect(headers.get('vary')).toMatch(/Origin/i)
    }
  })
})

describe('OPTIONS', () => {
  test.each([
    ['/', 'GET, HEAD, OPTIONS'],
    ['/health', 'GET, HEAD, OPTIONS'],
    ['/ready', 'GET, HEAD, OPTIONS'],
    ['/models', 'GET, HEAD, OPTIONS'],
    ['/stats', 'GET, HEAD, OPTIONS'],
    ['/metrics', 'GET, HEAD, OPTIONS'],
    ['/predict', 'POST, OPTIONS'],
    ['/result/x', 'GET, HEAD, DELETE, OPTIONS'],
    ['/result/x/cancel', 'POST, OPTIONS'],
  ])('%s says what there is, and asks for no key', async (path, allow) => {
    const headers = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    }
    const response = await ask(closed, 'OPTIONS', path, { origin: PAGE, ...headers })
    expect(response.status).toBe(204)
    expect(await response.text()).toBe('')
    expect(response.headers.get('allow')).toBe(allow)
    expect(response.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(response.headers.get('access-control-max-age')).toBe('86400')
    expect(list(response.headers.get('access-control-allow-methods'))).toEqual([
      'GET',
      'HEAD',
      'POST',
      'DELETE',
    ])
    expect(list(response.headers.get('access-control-allow-headers'))).toEqual(
      expect.arrayContaining([
        ...['Authorization', 'Content-Type', 'Prefer', 'Idempotency-Key', 'Cancel-After', 'X-Priority'],
        ...['Cache-Control', 'Last-Event-ID', 'traceparent'],
      ]),
    )
  })

  test('other methods are told the same', async () => {
    for (const [method, path, allow] of [
      ['PUT', '/', 'GET, HEAD, OPTIONS'],
      ['POST', '/health', 'GET, HEAD, OPTIONS'],
      ['DELETE', '/models', 'GET, HEAD, OPTIONS'],
      ['POST', '/result/x', 'GET, HEAD, DELETE, OPTIONS'],
      ['HEAD', '/predict', 'POST, OPTIONS'],
    ] as const) {
      const { status, headers } = await ask(open, method, path)
      expect([method, path, status, headers.get('allow')]).toEqual([method, path, 405, allow])
    }
  })
})

describe('HEAD', () => {
  /** The others differ between two requests by themselves, or are the connection's. */
  const plain = ({ headers }: Response) =>
    [...headers].filter(
      ([name]) =>
        !/^(x-request-id|date|server-timing|content-length|transfer-encoding|connection|keep-alive)$/.test(
          name,
        ),
    )

  test.each(['/', '/health', '/ready', '/models', '/stats', '/nothing-here'])(
    '%s has the headers of GET and no body',
    async (path) => {
      const [get, head] = [await ask(open, 'GET', path), await ask(open, 'HEAD', path)]
      expect(head.status).toBe(get.status)
      expect(plain(head)).toEqual(plain(get))
      expect(await head.text()).toBe('')
    },
  )

  test('is answered for jobs, pending and ended, and follows no events', async () => {
    const accepted = await open.predict(example('cat.jpg'), { headers: { prefer: 'respond-async' } })
    const { id } = (await accepted.json()) as PublicJob
    await (await open.get(`/result/${id}?wait=60`)).text()
    const get = await open.get(`/result/${id}`)
    for (const headers of [{}, { accept: 'text/event-stream' }]) {
      const head = await ask(open, 'HEAD', `/result/${id}`, headers)
      expect(head.status).toBe(200)
      expect(plain(head)).toEqual(plain(get))
    }
  })
})

describe('X-Request-Id', () => {
  test.each(['a', 'Az09_-=', 'a'.repeat(128)])('%s is the caller’s own and comes back', async (id) => {
    const response = await ask(open, 'GET', '/nothing-here', { 'x-request-id': id })
    expect(response.headers.get('x-request-id')).toBe(id)
    expect(await response.json()).toMatchObject({ request_id: id })
  })

  test.each(['a'.repeat(129), 'a b', 'a"b', 'a/b', '<a>', 'é'])('%s is replaced', async (id) => {
    const { headers } = await ask(open, 'GET', '/health', { 'x-request-id': id })
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })
})

test('Server-Timing tells the parts of a request, also of one that failed', async () => {
  const done = await open.predict(example('cat.jpg'))
  expect(done.headers.get('server-timing')).toMatch(
    /^validate;dur=[\d.]+, decode;dur=[\d.]+, enqueue;dur=[\d.]+, wait;dur=[\d.]+$/,
  )
  const failed = await open.predict(Buffer.from('no photo'))
  expect(failed.headers.get('server-timing')).toMatch(/^validate;dur=[\d.]+, decode;dur=[\d.]+$/)
})

describe('/ready', () => {
  test('is 200 while a live pool serves a model', async () => {
    const response = await open.get('/ready')
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({ status: 'ready' })
  })

  test('is 503 with Retry-After while none does, and asks for no key', async () => {
    const response = await closed.get('/ready')
    expect(response.status).toBe(503)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await response.json()).toMatchObject({ code: 'no-pool', retryable: true })
  })
})

describe('/stats', () => {
  test('tells the backlog of each version by priority, the pools with what they run on and whether they get on, and how full Redis is', async () => {
    const response = await open.get('/stats')
    expect(response.status).toBe(200)
    const body = (await response.json()) as { pools: { id: string }[] }
    expect(body).toMatchObject({
      models: [
        {
          ...{ name: MODEL, version: '1', backlog: { high: 0, normal: 0, low: 0 } },
          oldest_waiting_seconds: null,
          drain_rate: expect.any(Number),
          pools: body.pools.map(({ id }) => id),
        },
      ],
      queue_depth: { total: expect.any(Number), by_model: { [MODEL]: expect.any(Number) } },
      pools: [
        {
          ...{ id: expect.any(String), models: [`${MODEL}@1`], device: expect.any(String) },
          ...{ in_flight: expect.any(Number), images_per_second: expect.any(Number) },
          busy: expect.any(Object),
          started_at: expect.stringMatching(/^\d{4}-.*Z$/),
          ...{ state: 'ok', running_for_seconds: expect.any(Number) },
          last_settled_at: expect.toBeOneOf([null, expect.stringMatching(/^\d{4}-.*Z$/)]),
        },
      ],
      redis: { used_memory_bytes: expect.any(Number), max_memory_bytes: null },
    })
  })

  test('is for administrators where keys are asked for', async () => {
    const [admin, other] = [
      (await storeApiKey(closed, { admin: true })).token,
      (await storeApiKey(closed)).token,
    ]
    const as = (token: string) => ask(closed, 'GET', '/stats', { authorization: `Bearer ${token}` })
    expect((await closed.get('/stats')).status).toBe(401)
    const refused = await as(other)
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({ code: 'forbidden' })
    expect(await (await as(admin)).json()).toMatchObject({
      ...{ models: [], pools: [] },
      queue_depth: { total: 1, by_model: {} },
    })
  })
})

test('/ is a page for people, and JSON for programs', async () => {
  const page = await ask(open, 'GET', '/', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
  expect(page.headers.get('content-type')).toMatch(/^text\/html/)
  expect(page.headers.get('vary')).toMatch(/Accept/)
  expect(await page.text()).toContain('href="/docs"')
  for (const headers of [{}, { accept: '*/*' }, { accept: 'application/json' }, { accept: 'image/png' }]) {
    const json = await ask(open, 'GET', '/', headers)
    expect(await json.json()).toMatchObject({
      links: { docs: '/docs', openapi: '/openapi.json', models: '/models' },
    })
  }
})
