import { expect, test } from 'vitest'
import { EDGE_RUNTIMES } from '../../local-stack/env.ts'
import { parseApiKey } from '../../shared/api-key.ts'
import { callerWebhookSecret } from '../../shared/webhook-secret.ts'
import { piecesOf } from '../support/overheard.ts'
import {
  COLLECTOR_TOKEN,
  goodRequests,
  HOOK_TOKEN,
  IDEMPOTENCY_KEY,
  lastWords,
  pixels,
  refusalsOfRedis,
  type Scene,
  setUp,
  WEBHOOK_SECRET,
  wrongRequests,
} from '../support/planted-scene.ts'

test.each(EDGE_RUNTIMES)(
  'no part tells a secret or a byte of a photo, whatever happens (edge: %s)',
  async (runtime) => {
    const scene = await setUp(runtime)
    await goodRequests(scene)
    await wrongRequests(scene)
    await refusalsOfRedis(scene)
    await lastWords(scene)
    const { heard } = scene
    const secrets = await plantedSecrets(scene)
    expect(Object.values(secrets).filter(({ length }) => length < 12)).toEqual([])
    expect(scene.stored).toHaveLength(2)
    expect(heard.whereHeard(secrets)).toEqual({})
    const { HOOK_TOKEN: told = [] } = heard.whereHeard({ HOOK_TOKEN })
    expect(told.filter((where) => !/^(answer|webhooks)/.test(where))).toEqual([])
    // All of it was listened to, and at work.
    const logs = ['edge', 'gateway', 'worker-pool-1'].map((name) => `log: ${name}.log`)
    expect(Object.keys(heard.sources)).toEqual(
      expect.arrayContaining([...logs, 'traces', 'webhooks', 'process', 'answer: /metrics']),
    )
  },
)

async function plantedSecrets({
  redis,
  stack,
  key,
  png,
  avif,
  stored,
}: Scene): Promise<Record<string, string | Buffer>> {
  const { id = '', secret = '' } = parseApiKey(key) ?? {}
  const passwords = Object.entries(redis.urls).map(([role, url]) => [role, new URL(url).password] as const)
  return {
    ...Object.fromEntries(passwords.map(([role, password]) => [`password of ${role}`, password])),
    'token of the REST endpoint': stack.gateway.token,
    'API key': secret,
    'master secret of webhooks': WEBHOOK_SECRET.slice('whsec_'.length),
    'secret of a caller’s webhooks': await callerWebhookSecret(WEBHOOK_SECRET, id),
    'Idempotency-Key': IDEMPOTENCY_KEY,
    'token of a collector': COLLECTOR_TOKEN,
    ...piecesOf('pixels', pixels),
    ...piecesOf('PNG', png),
    ...piecesOf('AVIF', avif),
    ...Object.assign({}, ...stored.map((input, i) => piecesOf(`input ${i}`, input))),
  }
}
