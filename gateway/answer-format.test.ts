import { expect, test } from 'vitest'
import { formatOf } from './answer-format.ts'
import { CommandError } from './command.ts'

test.each<[Record<string, string>, string]>([
  [{}, 'utf8'],
  [{ 'Upstash-Encoding': '' }, 'utf8'],
  [{ 'Upstash-Encoding': 'base64' }, 'base64'],
  [{ 'Upstash-Response-Format': 'json' }, 'utf8'],
  [{ 'Upstash-Response-Format': 'json', 'Upstash-Encoding': 'base64' }, 'base64'],
  [{ 'Upstash-Response-Format': 'resp2' }, 'resp2'],
])('%j asks for %s', (headers, format) => {
  expect(formatOf(new Headers(headers))).toBe(format)
})

test.each<[Record<string, string>]>([
  [{ 'Upstash-Encoding': 'base32' }],
  [{ 'Upstash-Encoding': 'base64, base64' }],
  [{ 'Upstash-Response-Format': 'resp3' }],
  [{ 'Upstash-Response-Format': 'resp2', 'Upstash-Encoding': 'base64' }],
  [{ 'Upstash-Response-Format': 'json', 'Upstash-Encoding': 'hex' }],
])('%j is refused', (headers) => {
  expect(() => formatOf(new Headers(headers))).toThrow(CommandError)
})
