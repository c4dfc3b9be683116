import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { EnvHttpProxyAgent, fetch, type Response } from 'undici'
import type { Terminal } from '../terminal.ts'
import { reasonOf, UserError } from '../user-error.ts'

/** Hands `use` the path itself, or that of the file at this address, which is removed once `use` is done with it. */
export async function withFile<T>(
  source: string,
  sha256: string | undefined,
  terminal: Terminal,
  use: (path: string) => Promise<T>,
): Promise<T> {
  if (!/^https?:\/\//.test(source)) {
    if (sha256) throw new UserError('--sha256 is for a model that is fetched; leave it out for a file')
    return use(source)
  }
  const url = addressOf(source)
  // Named after the checksum, so that the next try continues what broke off.
  const folder = join(tmpdir(), `edgebatch-${checksumOf(sha256)}`)
  const path = join(folder, fileNameOf(url))
  await pullModel(url, checksumOf(sha256), path, terminal)
  const result = await use(path)
  await rm(folder, { recursive: true, force: true })
  return result
}

/** Throws UserError unless it is an http or https address. */
export function addressOf(text: string): URL {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new UserError(`"${text}" is no address; give one that starts with https://`)
  return new URL(text)
}

export function checksumOf(sha256: string | undefined): string {
  if (!sha256 || !/^[0-9a-f]{64}$/i.test(sha256))
    throw new UserError('--sha256 is missing or no checksum: give the 64 hex digits that the publisher names')
  return sha256.toLowerCase()
}

export function fileNameOf(url: URL): string {
  return basename(decodeURIComponent(url.pathname)) || 'model.onnx'
}

/**
 * Fetches a file to `path`. What an interrupted run left in `path`.part is continued if the server still has the same
 * file; `path` itself only ever holds a file of this checksum. Proxies are those of the environment.
 */
export async function pullModel(url: URL, sha256: string, path: string, terminal: Terminal): Promise<void> {
  const part = `${path}.part`
  if ((await stat(path).catch(() => undefined))?.isFile()) {
    if ((await hashFile(path)).digest('hex') === sha256) return
    throw new UserError(`${path}: exists already, with another checksum; remove it, or give another --out`)
  }
  await mkdir(dirname(path), { recursive: true })
  const dispatcher = new EnvHttpProxyAgent()
  try {
    const digest = await download(url, part, dispatcher, terminal)
    if (digest !== sha256) {
      await forget(part)
      throw new UserError(
        `${url}: its checksum is ${digest}, not that of --sha256; do not use it unless the publisher names this one`,
      )
    }
    await rename(part, path)
    await rm(`${part}.etag`, { force: true })
  } finally {
    await dispatcher.close()
  }
}

async function forget(part: string): Promise<void> {
  await rm(part, { force: true })
  await rm(`${part}.etag`, { force: true })
}

/** Returns the SHA-256 of all that is then in `part`. */
async function download(
  url: URL,
  part: string,
  dispatcher: EnvHttpProxyAgent,
  terminal: Terminal,
): Promise<string> {
  const had = (await stat(part).catch(() => undefined))?.size ?? 0
  const etag = await readFile(`${part}.etag`, 'utf8').catch(() => undefined)
  const range = had > 0 && etag ? { range: `bytes=${had}-`, 'if-range': etag } : {}
  const headers = { 'accept-encoding': 'identity', ...range }
  const response = await fetch(url, { dispatcher, headers }).catch((error: Error) => {
    throw new UserError(
      `${url}: cannot be reached: ${reasonOf(error.cause ?? error)}; check the address and HTTPS_PROXY`,
    )
  })
  if (response.status === 416) {
    await forget(part)
    return download(url, part, dispatcher, terminal)
  }
  if (!response.ok || !response.body) throw new UserError(refusal(url, response))
  const start = response.status === 206 ? had : 0
  await rememberVersion(part, response)
  const hash = start > 0 ? await hashFile(part) : createHash('sha256')
  await receive(url, response, part, start, hash, terminal)
  return hash.digest('hex')
}

function refusal(url: URL, { status }: Response): string {
  if (status === 404) return `${url}: there is no such file (404); check the address`
  if (status === 401 || status === 403)
    return `${url}: the server asks for a login (${status}); download it yourself and add the file`
  return `${url}: the server answers ${status}; try again later`
}

/** A weak entity tag does not promise the same bytes, so nothing is continued on its word. */
async function rememberVersion(part: string, { headers }: Response): Promise<void> {
  const etag = headers.get('etag')
  const version = etag && !etag.startsWith('W/') ? etag : headers.get('last-modified')
  if (version) await writeFile(`${part}.etag`, version)
  else await rm(`${part}.etag`, { force: true })
}

async function receive(
  url: URL,
  { body, headers }: Response,
  part: string,
  start: number,
  hash: Hash,
  terminal: Terminal,
): Promise<void> {
  let received = start
  const progress = terminal.startProgress(start + Number(headers.get('content-length') ?? 0), start)
  const target = await open(part, start > 0 ? 'a' : 'w')
  try {
    for await (const chunk of body ?? []) {
      hash.update(chunk)
      await target.writeFile(chunk)
      received += chunk.length
      progress.update(received)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new UserError(`${part}: the disk is full; make room and run this again to continue`)
    throw new UserError(`${url}: broke off after ${received} bytes; run this again to continue`)
  } finally {
    progress.stop()
    await target.close()
  }
}

async function hashFile(path: string): Promise<Hash> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash
}
