import { expect, test } from 'vitest'
import { composedEdge } from '../../test/support/composed-edge.ts'

const serverOf = async (settings: Record<string, string>) => {
  const response = await composedEdge(settings).request('http://edge.internal:8787/openapi.json')
  return ((await response.json()) as { servers: { url: string }[] }).servers
}

test('addresses begin as those of the request do', async () => {
  expect(await serverOf({})).toEqual([{ url: 'http://edge.internal:8787' }])
})

test('where PUBLIC_URL is set they begin with it, whatever host a request names', async () => {
  expect(await serverOf({ PUBLIC_URL: 'https://api.example.com' })).toEqual([
    { url: 'https://api.example.com' },
  ])
})
