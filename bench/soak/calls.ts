import type { JobStatus } from '../../shared/job-state.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { expectKnown, expectStatus, expectThat, problemCode } from './answers.ts'
import { CallFailure } from './call-failure.ts'
import type { CallKind } from './call-kinds.ts'
import type { EdgeAnswer } from './edge-client.ts'
import { followEvents } from './event-following.ts'
import { type Followed, followBatch, followJob, LONG_POLLS, POLLS } from './job-following.ts'
import type { VariedPhotos } from './varied-photos.ts'

/** Images of a `batch`. */
const BATCH_SIZE = 4
const BOUNDARY = 'soak-7Rz3kq'

export interface Caller extends Followed {
  photos: VariedPhotos
  /** Of an API key that has a rate. */
  apiKey: string
  /** Unused by all others: what Idempotency-Keys begin with. */
  name: string
}

/** What a call that went well was good for. */
export interface Gain {
  /** That the model has run. */
  images: number
  /** Of a job that was waited for, in ms: from the call until it was accepted, and from there until it ended. */
  spans?: { untilAccepted: number; untilEnded: number }
}

/** What clients do. Each throws CallFailure. */
export class Calls {
  readonly #caller: Caller
  #repeated = 0
  #bad = 0

  constructor(caller: Caller) {
    this.#caller = caller
  }

  async run(kind: CallKind): Promise<Gain> {
    const gain = await this[kind]()
    return typeof gain === 'number' ? { images: gain } : gain
  }

  /** We and Redis read the same clock. */
  async waited(headers: Record<string, string> = {}): Promise<Gain> {
    const begin = Date.now()
    const answer = await this.#post(headers)
    const job = await followJob(this.#caller, answer, LONG_POLLS)
    const images = succeeded(job)
    const [accepted, ended] = [Date.parse(job.created_at), Date.parse(job.completed_at ?? '')]
    return { images, spans: { untilAccepted: accepted - begin, untilEnded: ended - accepted } }
  }

  keyed(): Promise<Gain> {
    return this.waited({ authorization: `Bearer ${this.#caller.apiKey}` })
  }

  async polled(): Promise<number> {
    const answer = await this.#post({ prefer: 'respond-async' })
    return succeeded(await followJob(this.#caller, answer, POLLS))
  }

  async events(): Promise<number> {
    const answer = await this.#post({ accept: 'text/event-stream' })
    if (answer.status !== 200) expectStatus(answer)
    const status = await followEvents(this.#caller, answer)
    return succeeded({ status, error: null })
  }

  async batch(): Promise<number> {
    const photos = Array.from({ length: BATCH_SIZE }, () => this.#caller.photos.next())
    const body = formOf(photos)
    const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }
    const answer = await this.#caller.edge.send({ method: 'POST', path: '/predict', headers, body })
    expectStatus(answer, 200, 202)
    const { items } = await followBatch(this.#caller, answer)
    expectThat(items.length === BATCH_SIZE, `a batch of ${items.length}`)
    for (const { job } of items) if (job) succeeded(job)
    const refused = items.find(({ error }) => error)?.error
    if (refused) throw new CallFailure('refused', refused.code)
    return items.length
  }

  async bad(): Promise<number> {
    const isHalf = this.#bad++ % 2 === 0
    const photo = this.#caller.photos.next()
    const body = isHalf ? photo.subarray(0, photo.length / 2) : Buffer.from('no photo at all')
    const answer = await this.#post({}, body)
    const expected = isHalf ? '422 undecodable-image' : '415 unsupported-image'
    const got = `${answer.status} ${problemCode(answer.text)}`
    if (got !== expected) expectStatus(answer)
    return 0
  }

  async canceled(): Promise<number> {
    const { edge, ledger } = this.#caller
    const answer = await this.#post({ prefer: 'respond-async' })
    const { id } = expectStatus<PublicJob>(answer, 200, 202)
    const job = expectKnown<PublicJob>(await edge.send({ method: 'POST', path: `/result/${id}/cancel` }), 200)
    ledger.seen(job)
    return job.status === 'canceled' ? 0 : succeeded(job)
  }

  async repeated(): Promise<number> {
    const body = this.#caller.photos.next()
    const headers = { 'idempotency-key': `${this.#caller.name}-${this.#repeated++}` }
    const call = async () => followJob(this.#caller, await this.#post(headers, body), LONG_POLLS)
    const [first, second] = await Promise.all([call(), call()])
    const third = await call()
    expectThat(first.id === second.id && first.id === third.id, 'a repeated call made another job')
    return succeeded(first)
  }

  async #post(headers: Record<string, string>, body = this.#caller.photos.next()): Promise<EdgeAnswer> {
    const answer = await this.#caller.edge.send({ method: 'POST', path: '/predict', headers, body })
    const cache = answer.header('x-cache') ?? 'miss'
    expectThat(cache === 'miss', `a photo that is new was answered by the cache (${cache})`)
    return answer
  }
}

/** One image, if the job did; throws otherwise. */
function succeeded({ status, error }: { status: JobStatus; error: PublicJob['error'] }): 1 {
  expectThat(status === 'succeeded', `a job ${status}${error ? ` (${error.code})` : ''}`)
  return 1
}

function formOf(photos: readonly Buffer[]): Buffer {
  const parts = photos.flatMap((photo, i) => [
    Buffer.from(
      `--${BOUNDARY}\r\ncontent-disposition: form-data; name="image"; filename="${i}.jpg"\r\n` +
        'content-type: image/jpeg\r\n\r\n',
    ),
    photo,
    Buffer.from('\r\n'),
  ])
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)])
}
