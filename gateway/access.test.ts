import { describe, expect, onTestFinished, test } from 'vitest'
import { Access, type Caller } from './access.ts'
import { Monitor } from './monitor.ts'
import { connectGatewayRedis, GatewayRedis } from './redis.ts'
import { Subscriptions } from './subscriptions.ts'

/** Callers of a Redis to which nothing is sent. */
function callers(...names: string[]): Caller[] {
  const redis = connectGatewayRedis('redis://127.0.0.1:1')
  onTestFinished(() => redis.disconnect())
  const server = {
    redis: new GatewayRedis(redis),
    subscriptions: new Subscriptions(redis),
    monitor: new Monitor(() => redis),
  }
  return names.map((name) => ({ name, readOnly: false, ...server }))
}

const TOKEN = 'correct+horse/battery=staple'
const OTHER = 'another-horse-another-staple'

function accessOfTwo() {
  const [first, second] = callers('first', 'second') as [Caller, Caller]
  const access = new Access([
    { token: TOKEN, caller: first },
    { token: OTHER, caller: second },
  ])
  const shown = (query: string, authorization?: string) =>
    access.authenticate(new Headers(authorization ? { authorization } : {}), `/get/key${query}`)?.name
  return shown
}

test('each token tells its caller', () => {
  const shown = accessOfTwo()
  expect(shown('', `Bearer ${TOKEN}`)).toBe('first')
  expect(shown('', `Bearer ${OTHER}`)).toBe('second')
})

test('a token may be in the query instead, percent-encoded, among other parameters', () => {
  const shown = accessOfTwo()
  expect(shown(`?_token=${encodeURIComponent(TOKEN)}`)).toBe('first')
  expect(shown(`?EX=100&_token=${OTHER}&NX`)).toBe('second')
})

describe('nobody is let in', () => {
  test.each([
    ['without a token', '', undefined],
    ['with an empty one', '', 'Bearer '],
    ['with one that is not known', '', `Bearer ${TOKEN}x`],
    ['with the beginning of one', '', `Bearer ${TOKEN.slice(0, -1)}`],
    ['with one in other letters', '', `Bearer ${TOKEN.toUpperCase()}`],
    ['with one that has no scheme', '', TOKEN],
    ['with one under another scheme', '', `Basic ${TOKEN}`],
    ['with a wrong one in the query', `?_token=${TOKEN.slice(1)}`, undefined],
    ['with an empty one in the query', '?_token=', undefined],
    ['with one under another name in the query', `?token=${OTHER}`, undefined],
    ['with a right one in the query beside a wrong header', `?_token=${OTHER}`, 'Bearer wrong'],
  ])('%s', (_, query, authorization) => {
    expect(accessOfTwo()(query, authorization)).toBeUndefined()
  })
})
