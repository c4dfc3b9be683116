import { expect, test } from 'vitest'
import type { Caller } from '../../shared/api-key.ts'
import { parseRequestOptions } from './request-options.ts'

const anonymous: Caller = { kind: 'anonymous' }
const options = (headers: Record<string, string>, caller = anonymous) =>
  parseRequestOptions((name) => headers[name], caller)

test('where nothing is said, a job is of normal priority, and results may be shared', () => {
  expect(options({})).toEqual({ priority: 'normal', idempotencyKey: undefined, noStore: false })
})

test.each([
  ['no-store', true],
  ['no-cache', true],
  ['max-age=0, no-store', true],
  ['max-age=0', false],
  ['no-storehouse', false],
])('Cache-Control: %s', (header, noStore) => {
  expect(options({ 'cache-control': header }).noStore).toBe(noStore)
})

test('a priority that nobody has is malformed, one that this caller may not use is forbidden', () => {
  expect(options({ 'x-priority': 'LOW' }).priority).toBe('low')
  expect(() => options({ 'x-priority': 'urgent' })).toThrow('invalid-request')
  expect(() => options({ 'x-priority': 'high' })).toThrow('forbidden')
})
