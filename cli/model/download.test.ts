import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import type { Terminal } from '../terminal.ts'
import { pullModel } from './pull-model.ts'

const FILE = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 37) & 255))
const SHA256 = createHash('sha256').update(FILE).digest('hex')
const silent: Terminal = {
  print: () => {},
  warn: () => {},
  stopped: new AbortController().signal,
  startProgress: () => ({ update: () => {}, stop: () => {} }),
}

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-download-'))
})
afterEach(() => rm(folder, { recursive: true }))
const target = () => join(folder, 'model.onnx')

/** A server that answers each request by the next of these. */
async function answering(...answers: ((response: ServerResponse, request: IncomingMessage) => void)[]) {
  const other = createServer((request, response) => answers.shift()?.(response, request))
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  return new URL(`http://127.0.0.1:${(other.address() as AddressInfo).port}/model.onnx`)
}

async function leavePart(bytes: Uint8Array, version = '"first"'): Promise<void> {
  await writeFile(`${target()}.part`, bytes)
  await writeFile(`${target()}.part.etag`, version)
}

test('a server that does not say how long the file is is taken at its end', async () => {
  const totals: unknown[] = []
  const terminal: Terminal = {
    ...silent,
    startProgress: (total) => {
      totals.push(total)
      return { update: () => {}, stop: () => {} }
    },
  }
  const url = await answering((response) => {
    response.write(FILE.subarray(0, 10_000))
    response.end(FILE.subarray(10_000))
  })
  await pullModel(url, SHA256, target(), terminal)
  expect(totals).toEqual([undefined])
})

test('a server that sends all of a file of which a part was asked is taken at its word', async () => {
  await leavePart(FILE.subarray(0, 100))
  await pullModel(await answering((response) => response.end(FILE)), SHA256, target(), silent)
  expect(FILE.equals(await readFile(target()))).toBe(true)
})

test('a part that is all of the file is only checked', async () => {
  await leavePart(FILE)
  const range = { 'content-range': `bytes */${FILE.length}` }
  const url = await answering((response) => response.writeHead(416, range).end())
  await pullModel(url, SHA256, target(), silent)
  expect(await readdir(folder)).toEqual(['model.onnx'])
})

test('a part that is longer than the file is fetched anew, once', async () => {
  await leavePart(Buffer.concat([FILE, FILE]))
  const refuse = (response: ServerResponse) => response.writeHead(416).end()
  await pullModel(await answering(refuse, (response) => response.end(FILE)), SHA256, target(), silent)
  await rm(target())
  await leavePart(Buffer.concat([FILE, FILE]))
  await expect(pullModel(await answering(refuse, refuse), SHA256, target(), silent)).rejects.toThrow(/416/)
})

test('a part from elsewhere in the file is not put behind what is there', async () => {
  await leavePart(FILE.subarray(0, 100))
  const range = { 'content-range': `bytes 50-${FILE.length - 1}/${FILE.length}` }
  const url = await answering((response) => response.writeHead(206, range).end(FILE.subarray(50)))
  await expect(pullModel(url, SHA256, target(), silent)).rejects.toThrow(/another part/)
  expect(await readFile(`${target()}.part`)).toHaveLength(100)
})

/** Sends at most 10 000 bytes of a part. */
const inPieces = (response: ServerResponse, { headers }: IncomingMessage) => {
  const from = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0)
  const piece = FILE.subarray(from, from + 10_000)
  const range = { 'content-range': `bytes ${from}-${from + piece.length - 1}/${FILE.length}` }
  response.writeHead(206, { 'content-length': piece.length, ...range }).end(piece)
}

test('a server that sends less than was asked for is asked again for what is missing', async () => {
  await leavePart(FILE.subarray(0, 5_000))
  const url = await answering(...Array<typeof inPieces>(5).fill(inPieces))
  await pullModel(url, SHA256, target(), silent)
  expect(FILE.equals(await readFile(target()))).toBe(true)
})

test('a server that sends no more is not asked for ever, and what has come stays', async () => {
  await leavePart(FILE.subarray(0, 5_000))
  const nothing = (response: ServerResponse) =>
    response.writeHead(206, { 'content-range': `bytes 15000-15000/${FILE.length}` }).end()
  const url = await answering(inPieces, nothing, nothing, nothing)
  await expect(pullModel(url, SHA256, target(), silent)).rejects.toThrow(/does not send all of it/)
  expect(FILE.subarray(0, 15_000).equals(await readFile(`${target()}.part`))).toBe(true)
})

test('a part that nothing can be continued by is no whole file', async () => {
  const url = await answering(inPieces)
  await expect(pullModel(url, SHA256, target(), silent)).rejects.toThrow(/10000 of 50000 bytes/)
  expect(await readdir(folder)).toEqual(['model.onnx.part'])
})

test('where nothing can be written, nobody is asked', async () => {
  let asked = 0
  const count = (response: ServerResponse) => {
    asked++
    response.end(FILE)
  }
  const url = await answering(count, count)
  await mkdir(`${target()}.part`)
  await expect(pullModel(url, SHA256, target(), silent)).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringMatching(/model\.onnx\.part: cannot be written/),
  })
  await writeFile(join(folder, 'file'), '')
  await expect(pullModel(url, SHA256, join(folder, 'file', 'x', 'y'), silent)).rejects.toMatchObject({
    name: 'UserError',
  })
  expect(asked).toBe(0)
})

test('an empty file is no model', async () => {
  const url = await answering((response) => response.writeHead(200, { 'content-length': 0 }).end())
  await expect(pullModel(url, undefined, target(), silent)).rejects.toThrow(/the file is empty/)
  expect(await readdir(folder)).toEqual([])
})

test('a login in the address is used and, like a signature, not told', async () => {
  const logins: unknown[] = []
  const url = await answering((response, { headers }) => {
    logins.push(headers.authorization)
    response.writeHead(404).end()
  })
  url.username = 'me'
  url.password = 'p%40ss'
  url.search = '?signature=secret'
  const failure = await pullModel(url, SHA256, target(), silent).catch((error: Error) => error.message)
  expect(logins).toEqual([`Basic ${Buffer.from('me:p@ss').toString('base64')}`])
  expect(failure).toContain('/model.onnx: there is no such file (404)')
  expect(failure).not.toMatch(/secret|p@ss|p%40ss|me:/)
})

test('a redirect is followed', async () => {
  const whole = await answering((response) => response.end(FILE))
  const url = await answering((response) => response.writeHead(302, { location: whole.href }).end())
  await pullModel(url, SHA256, target(), silent)
  expect(FILE.equals(await readFile(target()))).toBe(true)
})

test('what has come when the user stops it stays, to be continued', async () => {
  const stop = new AbortController()
  const url = await answering((response) => {
    response.writeHead(200, { etag: '"first"', 'content-length': FILE.length })
    response.write(FILE.subarray(0, 20_000))
  })
  const terminal: Terminal = {
    ...silent,
    stopped: stop.signal,
    startProgress: () => ({ update: () => stop.abort(), stop: () => {} }),
  }
  await expect(pullModel(url, SHA256, target(), terminal)).rejects.toThrow(/run this again to continue/)
  expect((await readFile(`${target()}.part`)).length).toBeGreaterThan(0)
})
