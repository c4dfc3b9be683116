import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { processEnv } from '../support/process-env.ts'

/** A registry that knows of these weaknesses, by package, or of none to be asked for. Ends with the test. */
async function registry(advisories: object | undefined): Promise<string> {
  const server = createServer(async (request, response) => {
    await text(request)
    const isKnown = request.url === '/-/npm/v1/security/advisories/bulk' && advisories
    response.writeHead(isKnown ? 200 : 405, { 'content-type': 'application/json' })
    response.end(JSON.stringify(advisories))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function check(registryUrl: string): Promise<{ code: number; stdout: string }> {
  const cache = await mkdtemp(join(tmpdir(), 'edgebatch-npm-'))
  onTestFinished(() => rm(cache, { recursive: true }))
  const env = { ...processEnv(), npm_config_registry: registryUrl, npm_config_cache: cache }
  return promisify(execFile)(process.execPath, ['dependencies/main.ts'], { env }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }) => ({ code, stdout }),
  )
}

const weakness = (severity: string) => ({
  ...{ id: 1, title: 'It can be crashed', severity, vulnerable_versions: '*' },
  url: 'https://github.com/advisories/GHSA-1',
})

test('a grave weakness of a package that we ship with fails the check', async () => {
  const { code, stdout } = await check(await registry({ hono: [weakness('high')] }))
  expect(stdout).toContain('hono *: It can be crashed (high, https://github.com/advisories/GHSA-1)')
  expect(code).toBe(1)
})

test('one that is not grave does not, nor one of a tool', async () => {
  const known = { hono: [weakness('moderate')], vitest: [weakness('critical')] }
  const { code, stdout } = await check(await registry(known))
  expect(stdout).toMatch(/^dependencies: \d+ packages: licences are in order\n$/)
  expect(code).toBe(0)
})

test('a registry that does not tell is said to be so in one line, and licences are checked all the same', async () => {
  for (const url of [await registry(undefined), 'http://127.0.0.1:1/']) {
    const { code, stdout } = await check(url)
    expect(stdout).toMatch(
      /^dependencies: known weaknesses: not checked[^\n]*\ndependencies: \d+ packages: [^\n]*\n$/,
    )
    expect(code).toBe(0)
  }
})
