import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, inject, onTestFinished, test } from 'vitest'
import { EDGE_RUNTIMES } from '../../local-stack/env.ts'
import { freePort, freePortAfter } from '../../local-stack/free-port.ts'
import { PortTakenError } from '../../local-stack/reserved-port.ts'
import { startStack } from '../../local-stack/stack.ts'
import { start } from '../support/npm-start.ts'
import { temporaryFolder, writePackage } from '../support/package-folders.ts'
import { example } from '../support/photos.ts'
import { processEnv } from '../support/process-env.ts'
import { embeddingGraph } from '../support/small-models.ts'

test.each([
  ['npm start', ['local-stack/main.ts'], /take another: PORT=(\d+) npm start\n/],
  ['edgebatch start', ['cli/main.ts', 'start'], /take another: edgebatch start --port (\d+)\n/],
])(
  'a port that is taken is named, with one that is free, for who has typed %s',
  async (_, command, wayOut) => {
    const port = await listening(0)
    const next = await listening(await freePortAfter(port))
    const stack = start({ PORT: String(port) }, command)
    expect(await stack.exit).toEqual([1, null])
    expect(stack.output()).toContain(`Port ${port} is in use`)
    expect(Number(wayOut.exec(stack.output())?.[1])).toBeGreaterThan(next)
  },
)

/** Listens until the test is over; 0 takes any port. */
async function listening(port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test('of two that are started on one port, the second says at once that it is taken', async () => {
  const PORT = String(await freePort())
  const first = start({ PORT, POOLS: '0', EDGE: 'node' })
  await first.printed(/Starting Edgebatch/)
  const second = start({ PORT, POOLS: '0', EDGE: 'node' })
  expect(await second.exit).toEqual([1, null])
  expect(second.output()).toMatch(new RegExp(`^\\nPort ${PORT} is in use\\. .*\\n$`))
  await first.printed(/http:\/\/localhost:\d+\/predict/)
  first.child.kill('SIGINT')
  expect(await first.exit).toEqual([0, null])
})

test.each(EDGE_RUNTIMES)(
  'a port that is taken while the rest starts is told as such (%s)',
  async (edgeRuntime) => {
    const port = await freePort()
    const starting = startStack({
      ...{ folder: await temporaryFolder(), edgePort: port, edgeRuntime, pools: 0 },
      ...{ redisUrl: inject('redisUrl'), env: processEnv(), bundle: inject('edgeBundle') },
      releaseEdgePort: async () => void (await listening(port)),
    })
    await expect(starting).rejects.toThrow(PortTakenError)
  },
)

test.each([
  ['npm start', ['local-stack/main.ts', '--prot', '9000'], /'--prot'.*PORT=9000 npm start/],
  ['npm start', ['local-stack/main.ts', '--port', '0x'], /--port: must be a port number/],
  ['edgebatch start', ['cli/main.ts', 'start', '--port', '0x'], /--port: must be a port number/],
])('a flag of %s that is wrong is told as it was typed: %j', async (_, command, message) => {
  const stack = start({}, command)
  expect(await stack.exit).toEqual([2, null])
  expect(stack.output()).toMatch(message)
})

test.each([
  [
    'that nobody serves',
    { DEFAULT_MODEL: 'nosuch' },
    /DEFAULT_MODEL is nosuch, which no pool here serves: .*\(a@1, b@1\)/,
  ],
  ['that is missing among several', {}, /DEFAULT_MODEL is not set: requests have to name a model \(a, b\)/],
])('a default model %s is told, and the call that is printed works', async (_, env, warning) => {
  const root = await temporaryFolder()
  for (const id of ['a@1', 'b@1']) await writePackage(root, id, { files: { 'model.onnx': embeddingGraph } })
  const stack = start({ PORT: '0', EDGE: 'node', MODEL_REPOSITORY: root, MODELS: 'a,b', ...env })
  await stack.printed(/in a browser/)
  expect(stack.output()).toMatch(warning)
  const [, url = ''] = await stack.printed(/curl -X POST -F image=@examples\/cat\.jpg '(\S+)'/)
  const form = new FormData()
  form.append('image', new Blob([new Uint8Array(example('cat.jpg'))]), 'cat.jpg')
  expect((await fetch(url, { method: 'POST', body: form })).status).toBe(200)
  stack.child.kill('SIGINT')
  expect(await stack.exit).toEqual([0, null])
})

test.each([
  ['a port that is none', { PORT: 'eighty' }, /PORT: must be a port number/],
  [
    'a permission that is none',
    { PORT: '0', ALLOW_ANONYMOUS: 'yes' },
    /ALLOW_ANONYMOUS: must be true or false/,
  ],
  ['a default model that is none', { PORT: '0', DEFAULT_MODEL: 'M' }, /DEFAULT_MODEL: /],
  ['an edge that is none', { PORT: '0', EDGE: 'deno' }, /EDGE: must be workerd or node/],
  ['a Redis URL that is none', { PORT: '0', REDIS_URL: 'localhost' }, /REDIS_URL: must be a redis:/],
  [
    'a Redis that is not there',
    { PORT: '0', REDIS_URL: 'redis://127.0.0.1:1' },
    /cannot reach Redis at 127\.0\.0\.1:1/,
  ],
  [
    'a model folder that is not there',
    { PORT: '0', MODEL_DIR: 'no/such' },
    /no\/such\/model\.json: there is no such file/,
  ],
])('%s is one clear message', async (_, env, message) => {
  const stack = start(env)
  expect(await stack.exit).toEqual([1, null])
  expect(stack.output()).toMatch(message)
  expect(stack.output()).not.toContain('    at ')
})
