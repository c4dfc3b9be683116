import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { callerWebhookSecret, webhookMasterSecret } from './webhook-secret.ts'

const MASTER_BYTES = Buffer.from('an entirely known master secret!')
const MASTER = `whsec_${MASTER_BYTES.toString('base64')}`

test('each owner has a secret of his own, derived by HMAC-SHA256', async () => {
  for (const owner of ['AbCdEf012345', '']) {
    const derived = createHmac('sha256', MASTER_BYTES).update(`webhook:${owner}`).digest('base64')
    expect(await callerWebhookSecret(MASTER, owner)).toBe(`whsec_${derived}`)
  }
  expect(await callerWebhookSecret(MASTER, 'a')).not.toBe(await callerWebhookSecret(MASTER, 'b'))
})

test('a master secret is whsec_ and base64 of 24 to 64 bytes', () => {
  const ofBytes = (count: number) => `whsec_${Buffer.alloc(count, 1).toString('base64')}`
  for (const good of [MASTER, ofBytes(24), ofBytes(64)])
    expect(webhookMasterSecret.safeParse(good).success).toBe(true)
  for (const bad of [ofBytes(23), ofBytes(65), MASTER.slice(6), 'whsec_', `${MASTER}!`, 'whsec_=AAA'])
    expect(webhookMasterSecret.safeParse(bad).error?.issues[0]?.message).toMatch(/^must be whsec_ and base64/)
})
