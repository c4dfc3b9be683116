import { expect, test } from 'vitest'
import { WEBHOOK_EVENTS, type WebhookEvent } from '../../shared/webhook.ts'
import { requestedWebhook } from './requested-webhook.ts'

const origin = 'https://edge.example'
const nothing = { webhookUrl: undefined, webhookEvents: undefined }
const asked = { webhookUrl: 'https://example.com/hook', webhookEvents: ['failed'] as WebhookEvent[] }

test('a webhook is asked for in the body or in the query', () => {
  const webhook = { url: asked.webhookUrl, events: ['failed'], origin }
  expect(requestedWebhook(asked, nothing, origin)).toEqual(webhook)
  expect(requestedWebhook(nothing, asked, origin)).toEqual(webhook)
  expect(requestedWebhook(nothing, nothing, origin)).toBeUndefined()
})

test('it is told of every end where nothing is said', () => {
  expect(requestedWebhook({ ...asked, webhookEvents: undefined }, nothing, origin)?.events).toEqual(
    WEBHOOK_EVENTS,
  )
})

test('in both it is refused, and so are events without it', () => {
  expect(() => requestedWebhook(asked, asked, origin)).toThrow('invalid-request')
  expect(() => requestedWebhook(nothing, { ...asked, webhookUrl: undefined }, origin)).toThrow(
    'invalid-request',
  )
})
