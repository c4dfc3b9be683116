import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { newApiKey, parseApiKey } from '../../shared/api-key.ts'
import { ownRedis } from '../support/own-redis.ts'
import { processEnv } from '../support/process-env.ts'
import { applyAcl } from '../support/redis-with-users.ts'

type Call = [entry: string, env: Record<string, string>, ...args: string[]]

/** All that a process says which ends by itself, as it has to in good time. */
async function saidBy([entry, env, ...args]: Call): Promise<string> {
  const running = promisify(execFile)(process.execPath, [entry, ...args], {
    env: { ...processEnv(), ...env },
    timeout: 150_000,
  })
  const { stdout, stderr } = await running.catch((error: { stdout: string; stderr: string }) => error)
  return stdout + stderr
}

const TOKEN = 'planted-token-of-the-rest-endpoint'
const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 'planted master secret').toString('base64')}`

const gateway = (REDIS_URL: string): Call => [
  'gateway/main.ts',
  { REDIS_URL, GATEWAY_TOKEN: TOKEN, GATEWAY_PORT: '0' },
]
const keys = (REDIS_URL: string): Call => ['cli/main.ts', { REDIS_URL }, 'keys', 'list']
const pool = (REDIS_URL: string): Call => ['worker-pool/main.ts', { REDIS_URL, LOG_LEVEL: 'trace' }]
const doctor = (REDIS_URL: string): Call => ['worker-pool/doctor-main.ts', { REDIS_URL }]

test('a part that cannot start, or a command that cannot run, says why and repeats no secret', async () => {
  const { url } = await ownRedis()
  const owner = new Redis(url, { protocol: 2 })
  onTestFinished(() => owner.disconnect())
  const { admin = '' } = await applyAcl(owner, url)
  await owner.acl('SETUSER', 'default', 'resetpass', `>${crypto.randomUUID()}`)
  const { host, username, password } = new URL(admin)
  const { token: key } = newApiKey()
  const wrongPassword = `redis://${username}:${password}x@${host}`
  const noPassword = `redis://${host}`
  const away = `redis://${username}:${password}@127.0.0.1:1`
  const noRedis = `http://${username}:${password}@${host}`
  const badEncoding = `redis://${username}:${password}%@${host}`
  const calls: Call[] = [
    ...[wrongPassword, noPassword, away, noRedis, badEncoding].flatMap((url) => [gateway(url), keys(url)]),
    ...[wrongPassword, away, badEncoding].map(pool),
    doctor(wrongPassword),
    ...[`[{"name": "a", "token": "${TOKEN}"`, JSON.stringify([{ name: TOKEN }]), `/no/such/${TOKEN}`].map(
      (GATEWAY_TOKENS): Call => ['gateway/main.ts', { REDIS_URL: admin, GATEWAY_TOKENS }],
    ),
    ['worker-pool/main.ts', { REDIS_URL: admin, WEBHOOK_SECRET: `${WEBHOOK_SECRET}~` }],
    ['edge/node.ts', { UPSTASH_REDIS_REST_URL: TOKEN, UPSTASH_REDIS_REST_TOKEN: TOKEN, PORT: '0' }],
    [
      'cli/main.ts',
      { UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1', UPSTASH_REDIS_REST_TOKEN: TOKEN },
      'keys',
      'list',
    ],
    ['cli/main.ts', { REDIS_URL: admin }, 'keys', 'revoke', `${key}~`],
    ['cli/main.ts', { WEBHOOK_SECRET: `${WEBHOOK_SECRET}~` }, 'keys', 'webhook-secret', key],
  ]
  const said = await Promise.all(calls.map(async (call) => ({ call: call[0], said: await saidBy(call) })))
  const secrets = [password, TOKEN, parseApiKey(key)?.secret ?? '-', WEBHOOK_SECRET.slice('whsec_'.length)]
  for (const { call, said: text } of said) {
    expect(text, call).not.toBe('')
    for (const secret of secrets) expect(text, call).not.toContain(secret)
  }
})
