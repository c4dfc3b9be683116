import { systemClock } from '../shared/clock.ts'
import type { PublicBatch } from '../shared/public-batch.ts'
import type { PublicJob } from '../shared/public-job.ts'
import type { PublicModel, PublicModels } from '../shared/public-models.ts'
import type { PublicStats } from '../shared/public-stats.ts'
import { EdgebatchTimeoutError } from './edgebatch-error.ts'
import { Http, type HttpRequest, readJson } from './http.ts'
import { type ImageSource, toBase64, toBlob, toForm } from './image-body.ts'
import { type JobEvent, jobEvents } from './job-events.ts'
import type { ClientOptions, FollowOptions, PredictOptions, SubmitOptions } from './options.ts'
import { predictRequest } from './predict-request.ts'
import { parseRetryAfter } from './retry-after.ts'

const MAX_RETRIES = 4
/** How long one request waits for a result: shorter than what proxies cut. */
const LONGEST_WAIT_SECONDS = 30
/** Timers of more are over at once: 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** An edge says to stay away no longer; who says so is something before it, and the job may have ended long before. */
const LONGEST_PAUSE_SECONDS = 60
/** From one request to the next where an answer that came at once says nothing: something before the edge cuts off waits. */
const SHORTEST_TURN_SECONDS = 1
/** An answer that came after `timeoutMs` would not tell the job's id. */
const ANSWER_SECONDS = 1

/**
 * A service that runs models on images. All methods throw EdgebatchError where the service refuses or cannot be reached, after the retries
 * that are worth it, and the signal's reason where one aborts. A job that fails is an answer, not an error: see `status` and `error`.
 */
export class EdgebatchClient {
  readonly #http: Http
  readonly #maxRetries: number

  constructor({
    baseUrl,
    apiKey,
    fetch,
    maxRetries = MAX_RETRIES,
    onRetry = () => {},
    clock = systemClock,
    random = Math.random,
  }: ClientOptions) {
    this.#maxRetries = maxRetries
    this.#http = new Http({
      ...{ baseUrl: baseUrl.replace(/\/+$/, ''), apiKey, maxRetries, onRetry, clock, random },
      // Browsers want it called as what it is: a function of the global object.
      fetch: fetch ?? ((url, init) => globalThis.fetch(url, init)),
    })
  }

  /** Runs a model on an image and waits until the job has ended. */
  async predict(image: ImageSource, options: PredictOptions = {}): Promise<PublicJob> {
    const body = await toBlob(image)
    return this.#followed<PublicJob>(predictRequest(body, waitPreference(options), options), options)
  }

  /** The same with several images in one request: the batch, once each image has its result, or will have none. */
  async predictMany(images: readonly ImageSource[], options: PredictOptions = {}): Promise<PublicBatch> {
    const [only, ...others] = images
    // In a form, one image would not be a batch.
    const body =
      only && others.length === 0 ? JSON.stringify({ images: [await toBase64(only)] }) : await toForm(images)
    return this.#followed<PublicBatch>(predictRequest(body, waitPreference(options), options), options)
  }

  /** Hands an image in, and is back at once: with a job to wait for, or one whose result was there already. */
  async submit(image: ImageSource, options: SubmitOptions = {}): Promise<PublicJob> {
    return this.#http.json(predictRequest(await toBlob(image), 'respond-async', options))
  }

  /** The job once it has ended. */
  async wait(id: string, options: FollowOptions = {}): Promise<PublicJob> {
    return this.#followed<PublicJob>(resultRequest(id, waitSeconds(options.timeoutMs), options), options, id)
  }

  /** The job as it is now. */
  async result(id: string, options: Omit<FollowOptions, 'timeoutMs'> = {}): Promise<PublicJob> {
    return this.#http.json(resultRequest(id, 0, options))
  }

  /** What happens to a job, as it happens; the last event is its end. Stop listening with `break`, or with the signal. */
  events(id: string, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<JobEvent, void, void> {
    return jobEvents(this.#http, id, this.#maxRetries, signal)
  }

  /** The job after it was canceled; one that had ended before is as it was. */
  async cancel(id: string, { signal }: { signal?: AbortSignal } = {}): Promise<PublicJob> {
    return this.#http.json({ method: 'POST', path: `${resultPath(id)}/cancel`, signal })
  }

  /** The models that `model` may name. */
  async models({ signal }: { signal?: AbortSignal } = {}): Promise<PublicModel[]> {
    const { models } = await this.#http.json<PublicModels>({ method: 'GET', path: '/models', signal })
    return models
  }

  /** How the service is: queues, pools, rates. Takes the key of an administrator, where any is asked for. */
  async stats({ signal }: { signal?: AbortSignal } = {}): Promise<PublicStats> {
    return this.#http.json({ method: 'GET', path: '/stats', signal })
  }

  /** Asks again until the answer is not 202, no sooner than each says, and not beyond `timeoutMs`. `id`: if it is known already. */
  async #followed<T extends { id: string }>(
    first: HttpRequest,
    options: FollowOptions,
    id?: string,
  ): Promise<T> {
    const following: Following = { id, end: Number.POSITIVE_INFINITY }
    const { timeoutMs = Number.POSITIVE_INFINITY, signal: outer } = options
    if (timeoutMs > LONGEST_TIMER_MS) return this.#followUntil<T>(first, options, following)
    following.end = this.#http.now() + timeoutMs
    const limit = this.#http.timeLimit(timeoutMs, outer, () => new EdgebatchTimeoutError(following.id))
    const { signal } = limit
    try {
      return await this.#followUntil<T>({ ...first, signal }, { ...options, signal }, following)
    } finally {
      limit.lift()
    }
  }

  async #followUntil<T extends { id: string }>(
    first: HttpRequest,
    options: FollowOptions,
    following: Following,
  ): Promise<T> {
    let request = first
    for (;;) {
      const askedAt = this.#http.now()
      const { answer, status, retryAfter } = await this.#http.send(request, readFollowed<T>)
      if (status !== 202) return answer
      following.id = answer.id
      const now = this.#http.now()
      const retryAfterMs =
        1000 * Math.min(LONGEST_PAUSE_SECONDS, parseRetryAfter(retryAfter, now) ?? SHORTEST_TURN_SECONDS)
      const pauseMs = Math.min(following.end - now, retryAfterMs - (now - askedAt))
      if (pauseMs > 0) await this.#http.pause(pauseMs, options.signal)
      const remainingMs = following.end - this.#http.now()
      if (remainingMs <= 0) throw new EdgebatchTimeoutError(answer.id)
      request = resultRequest(answer.id, waitSeconds(remainingMs), options)
    }
  }
}

interface Following {
  /** Once an answer has told it. */
  id: string | undefined
  /** When to give up, by the client's clock. */
  end: number
}

async function readFollowed<T>(response: Response) {
  const { status, headers } = response
  return { answer: await readJson<T>(response), status, retryAfter: headers.get('retry-after') }
}

function resultRequest(id: string, seconds: number, { encodingFormat, signal }: FollowOptions): HttpRequest {
  return {
    method: 'GET',
    path: resultPath(id),
    query: { wait: seconds > 0 ? String(seconds) : undefined, encoding_format: encodingFormat },
    signal,
  }
}

function resultPath(id: string): string {
  return `/result/${encodeURIComponent(id)}`
}

function waitPreference({ timeoutMs }: FollowOptions): string {
  return `wait=${waitSeconds(timeoutMs)}`
}

/** At most so many whole seconds as leave one for the answer to come. */
function waitSeconds(remainingMs = Number.POSITIVE_INFINITY): number {
  return Math.max(0, Math.min(LONGEST_WAIT_SECONDS, Math.floor(remainingMs / 1000) - ANSWER_SECONDS))
}
