import { expect, test } from 'vitest'
import { headersOf } from './request-headers.ts'

const SENT: [string, string][] = [
  ['Host', 'gateway.test'],
  ['Authorization', 'Bearer one'],
  ['X-Empty', ''],
  ['authorization', 'Bearer two'],
  ['Upstash-Encoding', 'base64'],
]
const NAMES = ['host', 'authorization', 'x-empty', 'upstash-encoding', 'content-length', 'x-empt']

test('a header is what Headers makes of it: in any case, empty, sent twice, or not there', () => {
  const ours = headersOf({ rawHeaders: SENT.flat() })
  const reference = new Headers(SENT)
  for (const name of NAMES) expect(ours.get(name), name).toBe(reference.get(name))
  expect(ours.get('authorization')).toBe('Bearer one, Bearer two')
})
