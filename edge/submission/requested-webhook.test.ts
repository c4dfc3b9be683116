import { expect, test } from 'vitest'
import { requestedWebhook } from './requested-webhook.ts'

const ORIGIN = 'https://edge.test'
const PUBLIC = { allowPrivate: false }
const webhook = (webhookUrl?: string, webhookEvents?: ('succeeded' | 'failed')[]) =>
  requestedWebhook({ webhookUrl, webhookEvents }, ORIGIN, PUBLIC)

test('a webhook is told of every end where its call does not say', () => {
  expect(webhook('https://hooks.example.com/a?b=c')).toEqual({
    url: 'https://hooks.example.com/a?b=c',
    events: ['succeeded', 'failed', 'canceled', 'expired'],
    origin: ORIGIN,
  })
})

test('or of what it says', () => {
  expect(webhook('https://hooks.example.com', ['failed'])?.events).toEqual(['failed'])
})

test('none is made where none is asked for', () => {
  expect(webhook()).toBeUndefined()
})

test.each([
  'here',
  'ftp://hooks.example.com',
  'http://hooks.example.com',
  'https://127.0.0.1/',
  'https://intranet/',
])('%s is refused, unless private addresses are wanted and it is one', (url) => {
  expect(() => webhook(url)).toThrow('invalid-request')
})

test('a private address is taken where they are wanted', () => {
  const asked = { webhookUrl: 'http://127.0.0.1:9/hook', webhookEvents: undefined }
  expect(requestedWebhook(asked, ORIGIN, { allowPrivate: true })?.url).toBe('http://127.0.0.1:9/hook')
})

test('events without a webhook are a mistake', () => {
  expect(() => webhook(undefined, ['failed'])).toThrow('invalid-request')
})
