import type { Clock } from '../shared/clock.ts'
import type { EncodingFormat } from '../shared/job.ts'
import type { Priority } from '../shared/priority.ts'
import type { WebhookEvent } from '../shared/webhook.ts'
import type { EdgebatchError } from './edgebatch-error.ts'
import type { Fetch } from './http.ts'

/** `error`: why a try did not work. The next one is in `pauseMs`. */
export type OnRetry = (error: EdgebatchError, pauseMs: number) => void

export interface ClientOptions {
  /** E.g. `https://edgebatch.example.com`. */
  baseUrl: string
  /** Not needed where the service serves everybody. Never ship one to a browser: it is there for all to read. */
  apiKey?: string
  /** Used in place of the global one, e.g. a service binding's. */
  fetch?: Fetch
  /** How often a request is tried again; 4 where nothing is said, 0 for never. */
  maxRetries?: number
  /** Called before each pause, e.g. to tell whoever waits why. */
  onRetry?: OnRetry
  clock?: Clock
  /** 0 to 1, for pauses that differ. */
  random?: () => number
}

/** What a request asks for beside its images; docs/ and /docs of the service explain each. */
export interface SubmitOptions {
  model?: string
  version?: string
  /** Of an embedding. `base64`: smaller, and exact. */
  encodingFormat?: EncodingFormat
  priority?: Priority
  /** Of your own, where your process may end and try again; otherwise each call has a new one. */
  idempotencyKey?: string
  /** How long the job may take before it expires: seconds, or `30s`, `1m30s`, `2h`. */
  cancelAfter?: number | string
  /** Runs the model even if the result for this image is known. */
  noStore?: boolean
  webhook?: { url: string; events?: readonly WebhookEvent[] }
  traceparent?: string
  signal?: AbortSignal
}

export interface FollowOptions {
  encodingFormat?: EncodingFormat
  /** After so long, requests, retries and pauses together, EdgebatchTimeoutError is thrown. The job goes on. */
  timeoutMs?: number
  signal?: AbortSignal
}

export type PredictOptions = SubmitOptions & FollowOptions
