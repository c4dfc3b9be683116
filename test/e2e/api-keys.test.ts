import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiKeyRecord, newApiKey, parseApiKey } from '../../shared/api-key.ts'
import { newJobId } from '../../shared/job-id.ts'
import { makeFolder, writePackage } from '../support/package-folders.ts'
import { embeddingGraph } from '../support/small-models.ts'
import { type TestStack, testStack } from '../support/stack.ts'
import { storeApiKey } from '../support/stored-api-key.ts'

let repository: string
let stack: TestStack
beforeAll(async () => {
  repository = await makeFolder()
  for (const name of ['one', 'two'])
    await writePackage(repository, `${name}@1`, { files: { 'model.onnx': embeddingGraph } })
  stack = await testStack({
    poolEnv: { MODEL_DIR: '', MODEL_REPOSITORY: repository },
    edgeBindings: { ALLOW_ANONYMOUS: 'false' },
  })
})
afterAll(async () => {
  await stack?.close()
  await rm(repository, { recursive: true })
})

/** Tokens that were sent to the edge, good and bad. */
const sent: string[] = []

async function newKey(changes: Partial<ApiKeyRecord> = {}): Promise<{ id: string; token: string }> {
  const token = (await storeApiKey(stack, changes)).token
  return { id: parseApiKey(token)?.id ?? '', token }
}

function as(token: string, path: string, init: RequestInit = {}): Promise<Response> {
  sent.push(token)
  return fetch(stack.edge.url + path, { ...init, headers: { authorization: `Bearer ${token}` } })
}

async function expectUnauthorized(response: Response, detail: RegExp): Promise<void> {
  expect(response.headers.get('www-authenticate')).toBe('Bearer')
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({
    ...{ status: 401, code: 'unauthorized', retryable: false, detail: expect.stringMatching(detail) },
  })
  expect(response.status).toBe(401)
}

const listed = async (response: Response) =>
  ((await response.json()) as { models: { name: string }[] }).models.map(({ name }) => name)

describe('without a key', () => {
  test.each([
    ['POST', '/predict'],
    ['GET', '/predict'],
    ['GET', `/result/${newJobId('one')}`],
    ['GET', '/models'],
  ])('%s %s is refused, and the answer says how to get one', async (method, path) => {
    const response = await fetch(stack.edge.url + path, { method })
    await expectUnauthorized(response, /npx edgebatch keys create/)
  })

  test('an upload is told so, however large', async () => {
    for (let i = 0; i < 10; i++)
      await expectUnauthorized(await stack.predict(new Uint8Array(9_000_000)), /keys create/)
  })

  test('the service can be asked whether it lives', async () => {
    expect((await stack.get('/health')).status).toBe(200)
  })
})

describe('a key that is wrong', () => {
  test('is refused', async () => {
    await expectUnauthorized(await as(newApiKey().token, '/models'), /no API key of this service/)
    const { id } = await newKey()
    const forged = newApiKey().token.replace(/^eb_[^_]+/, `eb_${id}`)
    await expectUnauthorized(await as(forged, '/models'), /no API key of this service/)
  })

  test('or expired is refused', async () => {
    const { token } = await newKey({ expires_at: new Date(Date.now() - 1).toISOString() })
    await expectUnauthorized(await as(token, '/models'), /has expired/)
  })

  test('or a login is refused', async () => {
    const headers = { authorization: 'Basic dXNlcjpwYXNz' }
    await expectUnauthorized(await fetch(`${stack.edge.url}/models`, { headers }), /must be "Bearer/)
  })
})

describe('a key', () => {
  test('is listed the models that it may use', async () => {
    const { token: all } = await newKey()
    expect(await listed(await as(all, '/models'))).toEqual(['one', 'two'])
    const { token: some } = await newKey({ models: ['two', 'three'] })
    const ofSome = await as(some, '/models')
    expect(ofSome.headers.get('cache-control')).toBe('no-store')
    expect(await listed(ofSome)).toEqual(['two'])
  })

  test('gets through to what it asks for', async () => {
    const { token } = await newKey()
    const result = await as(token, `/result/${newJobId('one')}`)
    expect(await result.json()).toMatchObject({ code: 'job-not-found' })
    const prediction = await as(token, '/predict?model=one', { method: 'POST', body: 'no photo' })
    expect(prediction.status).toBe(415)
  })

  test('that is revoked before it is used is refused', async () => {
    const { id, token } = await newKey()
    await stack.redis.hdel(stack.keys.apiKeys(), id)
    await expectUnauthorized(await as(token, '/models'), /has been revoked/)
  })
})

test('no key is found in Redis or in a log', async () => {
  expect(sent.length).toBeGreaterThan(5)
  const secrets = sent.map((token) => token.slice(-43))
  const logs = (await readdir(stack.folder)).filter((file) => file.endsWith('.log'))
  expect(logs).toEqual(expect.arrayContaining(['edge.log', 'gateway.log', 'worker-pool-1.log']))
  const texts = await Promise.all(logs.map((file) => readFile(join(stack.folder, file), 'utf8')))
  for (const key of await stack.redis.keys(`${stack.keys.prefix}*`))
    texts.push(key, String(await stack.redis.dump(key)))
  texts.push(JSON.stringify(await stack.redis.hgetall(stack.keys.apiKeys())))
  for (const secret of secrets) expect(texts.some((text) => text.includes(secret))).toBe(false)
})
