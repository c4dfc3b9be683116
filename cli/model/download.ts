import { open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { type Dispatcher, fetch, type Headers, type Response } from 'undici'
import type { Terminal } from '../terminal.ts'
import { reasonOf, UserError } from '../user-error.ts'

/** An address as it may be shown: what grants access, a login or a signature, is left out. */
export function shown({ origin, pathname }: URL): string {
  return origin + pathname
}

/** Removes a download that is not to be continued, with what is known of it. */
export async function forgetPart(part: string): Promise<void> {
  await rm(part, { force: true })
  await rm(versionPath(part), { force: true })
}

/** Holds what the server calls the version of the file that `part` is of. */
const versionPath = (part: string) => `${part}.etag`

/**
 * Fetches all of a file into `part`, or what is missing of it if the server has the same version still. Throws UserError;
 * what has come by then stays, to be continued by the next run.
 */
export async function download(
  url: URL,
  part: string,
  dispatcher: Dispatcher,
  terminal: Terminal,
): Promise<void> {
  const had = (await stat(part).catch(() => undefined))?.size ?? 0
  const version = had > 0 ? await readFile(versionPath(part), 'utf8').catch(() => undefined) : undefined
  const from = version === undefined ? 0 : had
  const response = await ask(url, from, version, dispatcher, terminal)
  if (from > 0 && response.status === 416) {
    await response.body?.cancel()
    // All of it had come, but for the word that it was complete.
    if (response.headers.get('content-range') === `bytes */${from}`) return
    await forgetPart(part)
    return download(url, part, dispatcher, terminal)
  }
  if (!response.ok || !response.body) throw new UserError(refusal(url, response))
  const start = startOf(response)
  if (start !== 0 && start !== from)
    throw new UserError(`${shown(url)}: the server sends another part than was asked for; remove ${part}`)
  await rememberVersion(part, response.headers)
  await receive(url, response, part, start, terminal)
}

async function ask(
  url: URL,
  from: number,
  version: string | undefined,
  dispatcher: Dispatcher,
  { stopped }: Terminal,
): Promise<Response> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity' }
  if (from > 0 && version !== undefined)
    Object.assign(headers, { range: `bytes=${from}-`, 'if-range': version })
  const bare = new URL(url)
  if (url.username || url.password) {
    const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    headers.authorization = `Basic ${Buffer.from(login).toString('base64')}`
    bare.username = bare.password = ''
  }
  return fetch(bare, { dispatcher, headers, signal: stopped }).catch((error: Error) => {
    throw new UserError(
      `${shown(url)}: cannot be reached: ${reasonOf(error.cause ?? error)}; check the address and HTTPS_PROXY`,
    )
  })
}

function refusal(url: URL, { status }: Response): string {
  if (status === 404) return `${shown(url)}: there is no such file (404); check the address`
  if (status === 401 || status === 403)
    return `${shown(url)}: the server asks for a login (${status}); download it yourself and add the file`
  return `${shown(url)}: the server answers ${status}; try again later`
}

/** Where in the file the body begins. A server may send all of it though a part was asked for. */
function startOf({ status, headers }: Response): number {
  if (status !== 206) return 0
  return Number(/^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1] ?? Number.NaN)
}

/** A weak entity tag does not promise the same bytes, so nothing is continued on its word. */
async function rememberVersion(part: string, headers: Headers): Promise<void> {
  const etag = headers.get('etag')
  const version = etag && !etag.startsWith('W/') ? etag : headers.get('last-modified')
  if (version) await writeFile(versionPath(part), version)
  else await rm(versionPath(part), { force: true })
}

async function receive(
  url: URL,
  { body, headers }: Response,
  part: string,
  start: number,
  terminal: Terminal,
): Promise<void> {
  let received = start
  const length = headers.get('content-length')
  const progress = terminal.startProgress(length === null ? undefined : start + Number(length), start)
  const target = await open(part, start > 0 ? 'a' : 'w').catch((error: unknown) => {
    throw new UserError(`${part}: cannot be written: ${reasonOf(error)}`)
  })
  try {
    for await (const chunk of body ?? []) {
      await target.writeFile(chunk)
      received += chunk.length
      progress.update(received)
    }
    await target.sync().catch(() => {})
  } catch (error) {
    throw new UserError(brokenOff(url, part, received, error))
  } finally {
    progress.stop()
    await target.close()
  }
}

function brokenOff(url: URL, part: string, received: number, error: unknown): string {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return `${part}: the disk is full; make room and run this again to continue`
  if (syscall === 'write') return `${part}: cannot be written: ${reasonOf(error)}`
  return `${shown(url)}: broke off after ${received} bytes; run this again to continue`
}
