import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { inject, onTestFinished } from 'vitest'
import { type NodeService, startService } from '../../local-stack/node-service.ts'
import { processEnv } from './process-env.ts'

export interface TestGateway {
  url: string
  token: string
  service: NodeService
  /** POSTs a body (text as it is, anything else as JSON), with the token. */
  post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>
  /** All that it has logged. */
  log: () => Promise<string>
  close: () => Promise<void>
}

/** The gateway as a process of its own, in front of `redisUrl`; `env` adds to its settings. To be closed. */
export async function testGateway(redisUrl: string, env: Record<string, string> = {}): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-gateway-'))
  const token = crypto.randomUUID()
  const service = await startService({
    name: 'gateway',
    entry: 'gateway/main.ts',
    folder,
    env: { ...processEnv(), REDIS_URL: redisUrl, GATEWAY_TOKEN: token, GATEWAY_PORT: '0', ...env },
  }).catch(async (error) => {
    await rm(folder, { recursive: true, force: true })
    throw error
  })
  const url = `http://127.0.0.1:${service.ready.port}`
  return {
    url,
    token,
    service,
    post: (path, body, headers) =>
      fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    log: () => readFile(join(folder, 'gateway.log'), 'utf8'),
    close: async () => {
      await service.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Names keys under a fresh prefix of a Redis, by default the run's; they are deleted when the test ends. */
export function freshKeys(redisUrl: string = inject('redisUrl')): (name: string) => string {
  const prefix = `test:${crypto.randomUUID()}:`
  onTestFinished(async () => {
    const redis = new Redis(redisUrl, { protocol: 2 })
    const left = await redis.keys(`${prefix}*`)
    if (left.length > 0) await redis.unlink(left)
    redis.disconnect()
  })
  return (name) => prefix + name
}
