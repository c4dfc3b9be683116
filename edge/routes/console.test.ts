import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { composedEdge } from '../../test/support/composed-edge.ts'

const app = composedEdge()
const get = (path: string, headers: Record<string, string> = {}) =>
  app.request(`https://edge.example${path}`, { headers: { accept: 'text/html', ...headers } })

test.each(['/', '/dashboard'])(
  '%s: its policy lets it load files of its host, and run nothing that is written into it',
  async (path) => {
    const { headers, status } = await get(path)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /)
    expect(policy).toContain("connect-src 'self'; ")
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  },
)

test('a page is asked for again each time, and not sent again to who has it', async () => {
  const { headers } = await get('/dashboard')
  expect(headers.get('cache-control')).toBe('no-cache')
  const etag = headers.get('etag') ?? ''
  for (const tag of [etag, `"other", ${etag}`])
    expect((await get('/dashboard', { 'if-none-match': tag })).status).toBe(304)
  expect((await get('/dashboard', { 'if-none-match': '"other"' })).status).toBe(200)
})

test('what pages load is kept for good, as its name changes with it', async () => {
  const { headers } = await get('/assets/page-1a2b3c4d.js')
  expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect((await get('/assets/page-00000000.js')).status).toBe(404)
})

test('a file comes compressed to who takes it so, where it has been', async () => {
  const path = '/assets/page-1a2b3c4d.js'
  const plain = await get(path, { 'accept-encoding': 'br, gzip;q=0' })
  expect(plain.headers.get('content-encoding')).toBeNull()
  const packed = await get(path, { 'accept-encoding': 'br, gzip' })
  expect(packed.headers.get('content-encoding')).toBe('gzip')
  expect(packed.headers.get('vary')).toMatch(/Accept-Encoding/)
  expect(gunzipSync(await packed.arrayBuffer()).toString()).toBe(await plain.text())
  expect((await get('/dashboard', { 'accept-encoding': 'gzip' })).headers.get('content-encoding')).toBeNull()
})

test('they are read, and nothing else', async () => {
  const response = await app.request('https://edge.example/dashboard', { method: 'POST' })
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
})
