import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { smallClassifier } from '../support/small-classifier.ts'

const { model } = smallClassifier()
const sha256 = createHash('sha256').update(model).digest('hex')
const flags = ['--name', 'fetched', '--task', 'embedding', '--mean', '0,0,0', '--std', '1,1,1']
let folder: string
let origin: Server
let proxy: Server
let proxied = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-pull-'))
  origin = createServer((_, response) => void response.end(model)).listen(0, '127.0.0.1')
  proxy = createServer((incoming, response) => {
    proxied++
    request(incoming.url ?? '', (answer) => void answer.pipe(response)).end()
  }).listen(0, '127.0.0.1')
  proxy.on('connect', (incoming, client) => {
    proxied++
    const [host, port] = (incoming.url ?? '').split(':')
    const server = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      server.pipe(client).pipe(server)
    })
  })
  await Promise.all([once(origin, 'listening'), once(proxy, 'listening')])
})
afterAll(async () => {
  origin.close()
  proxy.close()
  await rm(folder, { recursive: true, force: true })
})

const portOf = (server: Server) => (server.address() as AddressInfo).port
const edgebatch = (args: string[], env: Record<string, string> = {}) =>
  promisify(execFile)(process.execPath, ['cli/main.ts', ...args], { env })

test('a model is fetched through the proxy that the environment names', async () => {
  const url = `http://127.0.0.1:${portOf(origin)}/model.onnx`
  const out = join(folder, 'model.onnx')
  const env = { http_proxy: `http://127.0.0.1:${portOf(proxy)}` }
  const { stdout } = await edgebatch(['model', 'pull', url, '--sha256', sha256, '--out', out], env)
  expect(stdout).toContain('complete, and its checksum is right')
  expect(proxied).toBe(1)
})

test('a model is added from its address', async () => {
  const url = `http://127.0.0.1:${portOf(origin)}/model.onnx`
  const repository = join(folder, 'models')
  const args = ['model', 'add', url, '--sha256', sha256, ...flags, '--repository', repository]
  expect((await edgebatch(args)).stdout).toContain('is ready to be served')
  expect((await readdir(join(repository, 'fetched', '1'))).sort()).toEqual([
    'model.json',
    'model.onnx',
    'origin.json',
  ])
})

test('an address without a checksum is fetched, and what came is told', async () => {
  const url = `http://127.0.0.1:${portOf(origin)}/unknown.onnx`
  const out = join(folder, 'unknown.onnx')
  const { stdout, stderr } = await edgebatch(['model', 'pull', url, '--out', out])
  expect(stdout).toBe(`${out}: complete.\n`)
  expect(stderr).toContain(sha256)
})

test('a long page that says there is no such file is not waited for, and nothing is left behind', async () => {
  const page = createServer((_, response) => void response.writeHead(404).write(Buffer.alloc(1_000_000)))
  page.listen(0, '127.0.0.1')
  await once(page, 'listening')
  const url = `http://127.0.0.1:${portOf(page)}/model.onnx`
  const out = join(folder, 'none', 'model.onnx')
  const failed = await edgebatch(['model', 'pull', url, '--out', out]).catch((error) => error)
  page.closeAllConnections()
  page.close()
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no such file (404)') })
  expect(await readdir(join(folder, 'none'))).toEqual([])
})
