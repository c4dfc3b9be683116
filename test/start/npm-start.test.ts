import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { type Started, start } from '../support/npm-start.ts'
import { temporaryFolder, writePackage } from '../support/package-folders.ts'
import { example } from '../support/photos.ts'
import { embeddingGraph } from '../support/small-models.ts'

/** The addresses of all parts, from what was printed. */
async function addresses({ printed }: Started): Promise<string[]> {
  const redis = await printed(/redis:\/\/([\d.:]+)/)
  const gateway = await printed(/Upstash REST at http:\/\/([\d.:]+)/)
  const edge = await printed(/http:\/\/localhost:(\d+)\/predict/)
  return [redis[1] ?? '', gateway[1] ?? '', `127.0.0.1:${edge[1]}`]
}

function isListening(address: string): Promise<boolean> {
  const [host, port] = address.split(':')
  return new Promise((resolve) => {
    const socket = connect(Number(port), host)
    const answer = (listening: boolean) => {
      socket.destroy()
      resolve(listening)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}

test.each(['workerd', 'node'])(
  'brings everything up, serves the call it prints, and Ctrl-C ends all of it (EDGE=%s)',
  async (EDGE) => {
    const stack = start({ PORT: '0', EDGE })
    const parts = await addresses(stack)
    const [, url = ''] = await stack.printed(/curl -X POST -F image=@examples\/cat\.jpg (\S+)/)
    await stack.printed(/No API key is asked for \(ALLOW_ANONYMOUS=false npm start asks for one\)/)
    for (const part of ['redis', 'gateway', 'worker-pool', 'edge']) expect(stack.output()).toContain(part)

    const form = new FormData()
    form.append('image', new Blob([new Uint8Array(example('cat.jpg'))]), 'cat.jpg')
    const response = await fetch(url, { method: 'POST', body: form })
    expect(response.status).toBe(200)
    expect(((await response.json()) as PublicJob).success).toBe(true)

    stack.child.kill('SIGINT')
    expect(await stack.exit).toEqual([0, null])
    expect(stack.output()).toContain('Stopped')
    expect(await Promise.all(parts.map(isListening))).toEqual([false, false, false])
  },
)

test('asked for API keys, it prints how one is made, and serves who sends it', async () => {
  const stack = start({ PORT: '0', POOLS: '0', ALLOW_ANONYMOUS: 'false' })
  const [, redisUrl = ''] = await stack.printed(/KEY=\$\(REDIS_URL=(\S+) npx edgebatch keys create\)/)
  const [, url = ''] = await stack.printed(/(http:\/\/localhost:\d+)\/predict/)
  expect(stack.output()).not.toContain('No API key is asked for')
  const cli = ['cli/main.ts', 'keys', 'create']
  const { stdout } = await promisify(execFile)(process.execPath, cli, { env: { REDIS_URL: redisUrl } })
  const authorization = `Bearer ${stdout.trim()}`
  expect((await fetch(`${url}/models`)).status).toBe(401)
  expect((await fetch(`${url}/models`, { headers: { authorization } })).status).toBe(200)
  stack.child.kill('SIGINT')
  expect(await stack.exit).toEqual([0, null])
})

test.each([
  ['at once', /Starting Edgebatch/],
  ['while the edge is bundled', /redis:\/\/\S+/],
  ['while models are loaded', /loading models/],
])('a Ctrl-C in the terminal %s ends all that was started, and is no failure', async (_, moment) => {
  const stack = start({ PORT: '0' })
  await stack.printed(moment)
  process.kill(-(stack.child.pid as number), 'SIGINT')
  expect(await stack.exit).toEqual([0, null])
  const [, after = ''] = stack.output().split('\nStopping')
  expect(after).toBe(' (Ctrl-C again stops at once)\nStopped\n')
  const addresses = [...stack.output().matchAll(/(?:redis|http):\/\/([\d.:]+)/g)].map(([, at = '']) => at)
  expect(await Promise.all(addresses.map(isListening))).toEqual(addresses.map(() => false))
})

test('what a pool cannot serve at the start is told, and so is what it takes up, withdraws and cannot serve while it runs', async () => {
  const root = await temporaryFolder()
  const graph = { files: { 'model.onnx': embeddingGraph } }
  await rm(join(await writePackage(root, 'bare@1', graph), 'model.json'))
  await writePackage(root, 'first@1', graph)
  const stack = start({ PORT: '0', EDGE: 'node', MODEL_REPOSITORY: root, MODEL_SCAN_SECONDS: '1' })
  await stack.printed(/Ready/)
  expect(stack.output()).toMatch(
    /worker-pool-1 +serves first@1\n.*cannot serve a model: \S*bare\/1\/model\.json: /,
  )
  const added = await writePackage(root, 'second@1', graph)
  await stack.printed(/worker-pool-1 +serves second@1/)
  await rm(added, { recursive: true })
  await stack.printed(/worker-pool-1 +second@1 was withdrawn/)
  await writePackage(root, 'third@1')
  await stack.printed(/worker-pool-1 +cannot serve a model: .*third/)
  stack.child.kill('SIGINT')
  expect(await stack.exit).toEqual([0, null])
})

test('when it is killed outright, its parts end by themselves', async () => {
  const stack = start({ PORT: '0' })
  const parts = await addresses(stack)
  stack.child.kill('SIGKILL')
  await stack.exit
  for (const part of parts)
    while (await isListening(part)) await new Promise((resolve) => setImmediate(resolve))
})

test('edgebatch start is the same, takes flags, and when it is killed outright, nothing is left', async () => {
  const flags = ['--port', '0', '--pools', '0', '--edge', 'node']
  const stack = start({}, ['cli/main.ts', 'start', ...flags])
  const parts = await addresses(stack)
  expect(stack.output()).toContain('Node at http://')
  expect(stack.output()).not.toMatch(/worker-pool-1|Ready/)
  await stack.printed(/No pool runs here.*REDIS_URL=redis:\/\/\S+ npm run worker-pool/s)
  stack.child.kill('SIGKILL')
  for (const part of parts)
    while (await isListening(part)) await new Promise((resolve) => setImmediate(resolve))
})
