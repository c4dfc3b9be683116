import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { proxyDispatcher } from '../proxy-dispatcher.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError, UserError } from '../user-error.ts'
import { download, shown } from './download.ts'
import { cannotWrite, forgetPart } from './part-file.ts'

/** Throws UserError unless it is an http or https address. */
export function addressOf(text: string): URL {
  if (!isAddress(text) || !URL.canParse(text))
    throw new UsageError(`"${text}" is no address; give one that starts with https://`)
  return new URL(text)
}

export function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text)
}

/** Undefined if none was given. Throws UserError for what is none. */
export function checksumOf(sha256: string | undefined): string | undefined {
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256))
    throw new UsageError('--sha256 is no checksum: give the 64 hex digits that the publisher names')
  return sha256?.toLowerCase()
}

/** The last part of the address, as a file's name. */
export function fileNameOf({ pathname }: URL): string {
  const last = basename(pathname)
  try {
    // An encoded slash must not lead into another folder.
    return basename(decodeURIComponent(last)) || 'model.onnx'
  } catch {
    return last
  }
}

/**
 * Fetches a file to `path`, through the proxies that the environment names. What an interrupted run left in `path`.part is
 * continued if the server still has the same file. With a checksum, `path` only ever holds a file of that; without one, a
 * warning says what it is. Throws UserError.
 */
export async function pullModel(
  url: URL,
  sha256: string | undefined,
  path: string,
  terminal: Terminal,
): Promise<void> {
  if (await isThere(path, sha256)) return
  const part = `${path}.part`
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw cannotWrite(dirname(path), error)
  })
  const dispatcher = proxyDispatcher()
  try {
    await download(url, part, dispatcher, terminal)
  } finally {
    // Not closed: that would wait for what a server still sends.
    await dispatcher.destroy()
  }
  const digest = await digestOf(part)
  if (sha256 === undefined) {
    terminal.warn(
      `${path}: nothing says that this is the file you wanted; its checksum is ${digest}: compare it with the publisher's, and give it with --sha256`,
    )
  } else if (digest !== sha256) {
    await forgetPart(part)
    throw new UserError(
      `${shown(url)}: its checksum is ${digest}, not that of --sha256; do not use it unless the publisher names this one`,
    )
  }
  await rename(part, path).catch((error: unknown) => {
    throw cannotWrite(path, error)
  })
  await forgetPart(part)
}

async function isThere(path: string, sha256: string | undefined): Promise<boolean> {
  const file = await stat(path).catch(() => undefined)
  if (!file) return false
  if (sha256 === undefined || !file.isFile())
    throw new UserError(`${path}: exists already; remove it, or give another --out`)
  if ((await digestOf(path)) === sha256) return true
  throw new UserError(`${path}: exists already, with another checksum; remove it, or give another --out`)
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Where a model's file is kept while it is made a package of: the same place for the same address, to continue in. */
export function downloadPath(repository: string, url: URL): string {
  const key = createHash('sha256').update(url.href).digest('hex').slice(0, 16)
  return join(repository, '.downloads', key, fileNameOf(url))
}
