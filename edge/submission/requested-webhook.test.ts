import { expect, test } from 'vitest'
import { WEBHOOK_EVENTS, type WebhookEvent } from '../../shared/webhook.ts'
import { requestedWebhook } from './requested-webhook.ts'

const origin = 'https://edge.example'
const PUBLIC = { allowPrivate: false }
const nothing = { webhookUrl: undefined, webhookEvents: undefined }
const asked = { webhookUrl: 'https://example.com/hook?a=b', webhookEvents: ['failed'] as WebhookEvent[] }
const to = (webhookUrl: string) => ({ webhookUrl, webhookEvents: undefined })

test('a webhook is asked for in the body or in the query', () => {
  const webhook = { url: asked.webhookUrl, events: ['failed'], origin }
  expect(requestedWebhook(asked, nothing, origin, PUBLIC)).toEqual(webhook)
  expect(requestedWebhook(nothing, asked, origin, PUBLIC)).toEqual(webhook)
  expect(requestedWebhook(nothing, nothing, origin, PUBLIC)).toBeUndefined()
})

test('it is told of every end where nothing is said', () => {
  expect(requestedWebhook(to(asked.webhookUrl), nothing, origin, PUBLIC)?.events).toEqual(WEBHOOK_EVENTS)
})

test('in both it is refused, and so are events without it', () => {
  expect(() => requestedWebhook(asked, asked, origin, PUBLIC)).toThrow('invalid-request')
  const events = { ...asked, webhookUrl: undefined }
  expect(() => requestedWebhook(nothing, events, origin, PUBLIC)).toThrow('invalid-request')
})

test.each([
  'here',
  'ftp://hooks.example.com',
  'http://hooks.example.com',
  'https://127.0.0.1/',
  'https://intranet/',
])('%s is refused', (url) => {
  expect(() => requestedWebhook(to(url), nothing, origin, PUBLIC)).toThrow('invalid-request')
})

test('a private address is taken where they are wanted', () => {
  const url = 'http://127.0.0.1:9/hook'
  expect(requestedWebhook(to(url), nothing, origin, { allowPrivate: true })?.url).toBe(url)
})
