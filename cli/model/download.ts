import { type Dispatcher, fetch, type Response } from 'undici'
import type { Progress, Terminal } from '../terminal.ts'
import { reasonOf, UnavailableError, UserError } from '../user-error.ts'
import { PartFile } from './part-file.ts'
import { rangeOf, versionOf } from './response-range.ts'

/** An address as it may be shown: what grants access, a login or a signature, is left out. */
export function shown({ origin, pathname }: URL): string {
  return origin + pathname
}

/** Some servers send large files a piece at a time; one that needs more pieces than this is taken for broken. */
const MOST_REQUESTS = 1_000

/**
 * Fetches all of a file into `path`, or what is missing of it if the server has the same version still. Throws UserError;
 * what has come by then stays, to be continued by the next run.
 */
export async function download(
  url: URL,
  path: string,
  dispatcher: Dispatcher,
  terminal: Terminal,
): Promise<void> {
  const part = await PartFile.open(path)
  const bar = new LateProgress(terminal)
  try {
    for (let requests = 0; requests < MOST_REQUESTS; requests++) {
      const had = part.size
      const response = await ask(url, part, dispatcher, terminal)
      try {
        if (await take(url, response, part, bar)) return
      } finally {
        // Unread, it would keep its connection, and with that this process.
        await response.body?.cancel().catch(() => {})
      }
      if (part.size <= had && requests > 0) break
    }
    throw new UserError(`${shown(url)}: the server does not send all of it; download it yourself`)
  } finally {
    bar.stop()
    await part.close()
  }
}

/** Puts what comes into `part`. Whether that is all of the file then. */
async function take(url: URL, response: Response, part: PartFile, bar: LateProgress): Promise<boolean> {
  if (part.version !== undefined && response.status === 416) {
    // All of it had come, but for the word that it was complete.
    if (response.headers.get('content-range') === `bytes */${part.size}`) return true
    await part.empty()
    return false
  }
  if (!response.ok || !response.body) throw new UserError(refusal(url, response))
  const { start, total } = rangeOf(response)
  if (start !== 0 && start !== part.size)
    throw new UserError(
      `${shown(url)}: the server sends another part than was asked for; remove ${part.path}`,
    )
  if (start === 0) await part.empty()
  // Of a part, a server need not say again which version it is of.
  await part.remember(versionOf(response) ?? (start > 0 ? part.version : undefined))
  bar.start(total, part.size)
  await receive(url, response.body, part, bar)
  if (part.size === 0) throw new UserError(`${shown(url)}: the file is empty; check the address`)
  if (total === undefined || part.size === total) return true
  if (part.size > total)
    throw new UserError(`${shown(url)}: the server sends more than it says; remove ${part.path}`)
  if (part.version === undefined)
    throw new UserError(
      `${shown(url)}: the server sends ${part.size} of ${total} bytes, and nothing to continue by; download it yourself`,
    )
  return false
}

async function ask(
  url: URL,
  { size, version }: PartFile,
  dispatcher: Dispatcher,
  { stopped }: Terminal,
): Promise<Response> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity' }
  if (version !== undefined) Object.assign(headers, { range: `bytes=${size}-`, 'if-range': version })
  const bare = new URL(url)
  if (url.username || url.password) {
    const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    headers.authorization = `Basic ${Buffer.from(login).toString('base64')}`
    bare.username = bare.password = ''
  }
  return fetch(bare, { dispatcher, headers, signal: stopped }).catch((error: Error) => {
    throw new UnavailableError(
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

async function receive(
  url: URL,
  body: NonNullable<Response['body']>,
  part: PartFile,
  bar: LateProgress,
): Promise<void> {
  try {
    for await (const chunk of body) {
      await part.append(chunk)
      bar.update(part.size)
    }
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UnavailableError(
      `${shown(url)}: broke off after ${part.size} bytes; run this again to continue`,
    )
  }
}

/** A progress bar that is shown once something comes, and only once. */
class LateProgress {
  readonly #terminal: Terminal
  #progress: Progress | undefined

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  start(totalBytes: number | undefined, startBytes: number): void {
    this.#progress ??= this.#terminal.startProgress(totalBytes, startBytes)
  }

  update(bytes: number): void {
    this.#progress?.update(bytes)
  }

  stop(): void {
    this.#progress?.stop()
  }
}
