import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../local-stack/free-port.ts'
import { ensureRedisBinary } from '../../local-stack/redis-binary.ts'
import { processEnv } from '../support/process-env.ts'
import { printedAcl, urlsIn } from '../support/redis-with-users.ts'

/** A Redis that starts with this ACL file. Ends with the test. Returns its host and port. */
async function redisWithAclFile(users: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-acl-file-'))
  const file = join(folder, 'users.acl')
  await writeFile(file, users)
  const port = await freePort()
  const binary = await ensureRedisBinary(processEnv().PATH ?? '', () => {})
  const args = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--save',
    '',
    '--dir',
    folder,
    '--aclfile',
    file,
  ]
  const server = spawn(binary, args, { stdio: 'ignore' })
  onTestFinished(async () => {
    server.kill('SIGKILL')
    await rm(folder, { recursive: true })
  })
  return `127.0.0.1:${port}`
}

/** Who that is, once Redis is up. */
async function whoAmI(url: string): Promise<unknown> {
  const redis = new Redis(url, { protocol: 2, retryStrategy: () => 20, maxRetriesPerRequest: null })
  redis.on('error', () => {})
  onTestFinished(() => redis.disconnect())
  return redis.ping().then(() => redis.acl('WHOAMI').catch((error: Error) => error.message))
}

test('what `npx edgebatch acl --format acl-file` prints, Redis starts with; its default user has a password', async () => {
  const { stdout, stderr } = await printedAcl('--format', 'acl-file')
  const host = await redisWithAclFile(stdout)
  const [, password] = /REDISCLI_AUTH=(\S+)/.exec(stderr) ?? []
  expect(await whoAmI(`redis://default:${password}@${host}`)).toBe('default')
  const urls = Object.values(urlsIn(stderr, host))
  expect(urls).toHaveLength(3)
  for (const url of urls) expect(await whoAmI(url)).toMatch(/^NOPERM /)
  const anybody = new Redis(`redis://${host}`, {
    protocol: 2,
    enableReadyCheck: false,
    retryStrategy: () => null,
  })
  onTestFinished(() => anybody.disconnect())
  await expect(anybody.ping()).rejects.toThrow(/^NOAUTH /)
})
