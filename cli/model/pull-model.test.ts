import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Terminal } from '../terminal.ts'
import { fileNameOf, pullModel } from './pull-model.ts'

const FILE = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 31) & 255))
const SHA256 = createHash('sha256').update(FILE).digest('hex')
/** Called when bytes have reached the disk. */
let received: () => void = () => {}
const silent: Terminal = {
  print: () => {},
  warn: (line) => warned.push(line),
  stopped: new AbortController().signal,
  startProgress: () => ({ update: () => received(), stop: () => {} }),
}

const warned: string[] = []
let folder: string
let server: Server
let address: URL
let seen: IncomingHttpHeaders[]
/** The next answer stops after this many bytes. */
let breakAfter: number | undefined
let etag: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-pull-'))
  seen = []
  breakAfter = undefined
  received = () => {}
  etag = '"first"'
  server = createServer((request, response) => {
    seen.push(request.headers)
    if (request.url !== '/model.onnx') return void response.writeHead(404).end()
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const continued = from > 0 && request.headers['if-range'] === etag
    const body = continued ? FILE.subarray(from) : FILE
    const range = continued ? { 'content-range': `bytes ${from}-${FILE.length - 1}/${FILE.length}` } : {}
    response.writeHead(continued ? 206 : 200, { etag, 'content-length': body.length, ...range })
    if (breakAfter === undefined) return void response.end(body)
    received = () => response.destroy()
    response.write(body.subarray(0, breakAfter))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  address = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/model.onnx`)
})

afterEach(async () => {
  server.close()
  await rm(folder, { recursive: true, force: true })
})

const target = () => join(folder, 'model.onnx')

test('a file is fetched, and nothing else is left behind', async () => {
  await pullModel(address, SHA256, target(), silent)
  expect(FILE.equals(await readFile(target()))).toBe(true)
  expect(await readdir(folder)).toEqual(['model.onnx'])
})

test('what broke off is continued where it stopped', async () => {
  breakAfter = 20_000
  await expect(pullModel(address, SHA256, target(), silent)).rejects.toThrow(/broke off.*run this again/)
  const had = (await readFile(`${target()}.part`)).length
  expect(had).toBeGreaterThan(0)
  breakAfter = undefined
  received = () => {}
  await pullModel(address, SHA256, target(), silent)
  expect(seen.at(-1)).toMatchObject({ range: `bytes=${had}-`, 'if-range': '"first"' })
  expect(FILE.equals(await readFile(target()))).toBe(true)
})

test('a file that changed meanwhile is fetched from its beginning', async () => {
  await writeFile(`${target()}.part`, 'of an older file')
  await writeFile(`${target()}.part.etag`, '"older"')
  await pullModel(address, SHA256, target(), silent)
  expect(FILE.equals(await readFile(target()))).toBe(true)
})

test('a file of another checksum is not kept', async () => {
  await expect(pullModel(address, '0'.repeat(64), target(), silent)).rejects.toThrow(SHA256)
  expect(await readdir(folder)).toEqual([])
})

test('an absent file and an absent server are told apart', async () => {
  await expect(pullModel(new URL('/no.onnx', address), SHA256, target(), silent)).rejects.toThrow(/\(404\)/)
  await expect(pullModel(new URL('http://127.0.0.1:1/x'), SHA256, target(), silent)).rejects.toThrow(
    /cannot be reached/,
  )
})

test.runIf(existsSync('/dev/full'))('a full disk is said to be full', async () => {
  await symlink('/dev/full', `${target()}.part`)
  await expect(pullModel(address, SHA256, target(), silent)).rejects.toThrow(/the disk is full/)
})

test('a file that is there already is not fetched again', async () => {
  await pullModel(address, SHA256, target(), silent)
  await pullModel(address, SHA256, target(), silent)
  expect(seen).toHaveLength(1)
})

test('without a checksum, what came is told, and a file that is there is not replaced', async () => {
  await pullModel(address, undefined, target(), silent)
  expect(warned).toEqual([expect.stringContaining(SHA256)])
  await expect(pullModel(address, undefined, target(), silent)).rejects.toThrow(/exists already/)
  expect(await readdir(folder)).toEqual(['model.onnx'])
})

test('a file that is there under another checksum is not replaced', async () => {
  await writeFile(target(), 'of mine')
  await expect(pullModel(address, SHA256, target(), silent)).rejects.toThrow(/exists already/)
  expect(await readFile(target(), 'utf8')).toBe('of mine')
})

test('nothing is continued on the word of a weak entity tag', async () => {
  breakAfter = 20_000
  etag = 'W/"weak"'
  await expect(pullModel(address, SHA256, target(), silent)).rejects.toThrow(/broke off/)
  breakAfter = undefined
  received = () => {}
  await pullModel(address, SHA256, target(), silent)
  expect(seen.at(-1)).not.toHaveProperty('range')
})

test.each([
  ['/a/model.onnx', 'model.onnx'],
  ['/a/my%20model.onnx', 'my model.onnx'],
  ['/a/..%2f..%2fetc%2fpasswd', 'passwd'],
  ['/a/100%.onnx', '100%.onnx'],
  ['/', 'model.onnx'],
])('the file of %s is called %s', (path, name) => {
  expect(fileNameOf(new URL(path, 'https://example.com'))).toBe(name)
})
