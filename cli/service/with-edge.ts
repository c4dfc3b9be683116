import { EdgebatchClient } from '../../client/edgebatch-client.ts'
import type { Fetch } from '../../client/http.ts'
import type { OnRetry } from '../../client/options.ts'
import type { Environment } from '../environment.ts'
import type { Terminal } from '../terminal.ts'
import { asUserError, cannotReach, unexpected } from './edge-failure.ts'
import { edgeFetch } from './edge-fetch.ts'
import { type EdgeSettings, readEdgeSettings } from './edge-settings.ts'
import { WaitNotice } from './wait-notice.ts'

/** The edge that the environment names. */
export interface Edge {
  client: EdgebatchClient
  /** For questions about the service: asked once, as whoever asks can do so again, and given up when the edge is silent. */
  brisk: EdgebatchClient
  /** Host and port, for people. */
  host: string
  /** GET with the API key, as the client does not do it, given up likewise. Throws UserError. */
  get: (path: string) => Promise<Response>
  /** What an error of the client's is to the user. */
  explained: (error: unknown) => unknown
  /** To be told of each pause that is not the client's own: the user is told why, once for each cause. */
  onRetry: OnRetry
}

export interface EdgeOptions {
  /** Told of each answer, refusals included. */
  onAnswer?: (answer: Response) => void
}

/** How long the edge may take for what it has to say at once. */
const SILENCE_MS = 10_000

/** Works with the edge that the environment names, once that has said that it is one. Throws UserError. */
export async function withEdge<T>(
  environment: Environment,
  { stopped, warn }: Pick<Terminal, 'stopped' | 'warn'>,
  work: (edge: Edge) => Promise<T>,
  { onAnswer = () => {} }: EdgeOptions = {},
): Promise<T> {
  const settings = await readEdgeSettings(environment)
  const { host } = new URL(settings.url)
  const { fetch, close } = edgeFetch()
  const notice = new WaitNotice(host, warn)
  const told: Fetch = async (url, init) => {
    const answer = await fetch(url, init)
    onAnswer(answer)
    if (answer.ok) notice.served()
    return answer
  }
  const asked = { host, hasKey: settings.apiKey !== undefined }
  try {
    await assertIsEdge(settings.url, host, fetch, stopped)
    return await work(edge(settings, asked, told, stopped, (error, pauseMs) => notice.waits(error, pauseMs)))
  } catch (error) {
    throw asUserError(error, asked)
  } finally {
    if (stopped.aborted) notice.gaveUp()
    await close()
  }
}

function edge(
  { url, apiKey }: EdgeSettings,
  asked: { host: string; hasKey: boolean },
  fetch: Fetch,
  stopped: AbortSignal,
  onRetry: OnRetry,
): Edge {
  const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  const options = { baseUrl: url, ...(apiKey !== undefined && { apiKey }) }
  const briskly: Fetch = (address, init) => fetch(address, { ...init, signal: soon(init.signal ?? stopped) })
  return {
    client: new EdgebatchClient({ ...options, fetch, onRetry }),
    brisk: new EdgebatchClient({ ...options, fetch: briskly, maxRetries: 0 }),
    host: asked.host,
    get: (path) =>
      briskly(url + path, { headers }).catch((cause: unknown) => {
        stopped.throwIfAborted()
        throw cannotReach(asked.host, cause)
      }),
    explained: (error) => asUserError(error, asked),
    onRetry,
  }
}

/** Asked once, and not again: who has mistyped an address is told at once, not after all the retries that a request is worth. */
async function assertIsEdge(url: string, host: string, fetch: Fetch, stopped: AbortSignal): Promise<void> {
  const answer = await fetch(`${url}/health`, { signal: soon(stopped) }).catch((cause: unknown) => {
    stopped.throwIfAborted()
    throw cannotReach(host, cause)
  })
  const health = (await answer.json().catch(() => undefined)) as { status?: unknown } | undefined
  if (!answer.ok || health?.status !== 'ok') throw unexpected(host, answer.status)
}

function soon(stopped: AbortSignal): AbortSignal {
  return AbortSignal.any([stopped, AbortSignal.timeout(SILENCE_MS)])
}
