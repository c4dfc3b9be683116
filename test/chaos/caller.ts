import { isTerminal } from '../../shared/job-state.ts'
import { type PublicJob, publicJobSchema } from '../../shared/public-job.ts'
import { imageOf } from './chaos-model.ts'
import { type Call, type History, type RequestRecord, type Sighting, seenIn } from './history.ts'
import type { RequestPlan } from './request-plan.ts'
import type { ChaosSettings } from './settings.ts'

/** More than any call should take beyond what it asks to wait; then its caller goes away, which is no answer. */
const PATIENCE_MS = 15_000

interface Answer {
  askedAt: number
  toldAt: number
  status: number | null
  code: string | undefined
  cache: string | undefined
  job: PublicJob | undefined
}

/** Calls the edges as clients do, and writes down what it is told. */
export class Caller {
  readonly #edges: readonly string[]
  readonly #history: History
  readonly #settings: ChaosSettings

  constructor(edges: readonly string[], history: History, settings: ChaosSettings) {
    this.#edges = edges
    this.#history = history
    this.#settings = settings
  }

  /** `edge`: any number; edges come in turn. */
  async predict(request: RequestRecord, edge: number, waitSeconds = request.plan.waitSeconds): Promise<Call> {
    const { plan } = request
    const answer = await this.#call(edge, '/predict', waitSeconds, {
      method: 'POST',
      headers: headersOf(plan, waitSeconds, this.#settings.hurriedDeadlineMs),
      body: imageOf(plan.colour),
    })
    const { job, ...told } = answer
    const call = { ...told, id: job?.id }
    // A repetition that comes after the result's time is told of its job that it is gone.
    const known = job?.id ?? request.calls.find(({ id }) => id !== undefined)?.id
    request.calls.push(call)
    if (job) this.#history.accept(job.id, request)
    if (known !== undefined) this.#see(known, 'predict', answer)
    return call
  }

  /** Undefined where there was no answer that says anything of the job. */
  async look(id: string, edge: number, waitSeconds = 0): Promise<Sighting | undefined> {
    const query = waitSeconds > 0 ? `?wait=${waitSeconds}` : ''
    return this.#see(id, 'look', await this.#call(edge, `/result/${id}${query}`, waitSeconds))
  }

  async cancel(id: string, edge: number): Promise<Sighting | undefined> {
    return this.#see(id, 'cancel', await this.#call(edge, `/result/${id}`, 0, { method: 'DELETE' }))
  }

  #see(id: string, by: Sighting['by'], { askedAt, toldAt, status, job }: Answer): Sighting | undefined {
    const gone = status === 404 || status === 410
    if (!job && !gone) return undefined
    const found = job ? seenIn(job) : { status: 'gone' as const, completedAt: null, outcome: '', attempts: 0 }
    const sighting = { by, askedAt, toldAt, ...found }
    this.#history.see(id, sighting)
    return sighting
  }

  async #call(edge: number, path: string, waitSeconds: number, init: RequestInit = {}): Promise<Answer> {
    const askedAt = Date.now()
    const signal = AbortSignal.timeout(PATIENCE_MS + 1000 * waitSeconds)
    try {
      const response = await fetch(`${this.#edges[edge % this.#edges.length]}${path}`, { ...init, signal })
      const body = (await response.json()) as { code?: string }
      const job = response.ok ? publicJobSchema.safeParse(body).data : undefined
      const code = response.ok && !job ? 'not-a-job' : body.code
      const cache = response.headers.get('x-cache') ?? undefined
      return { askedAt, toldAt: Date.now(), status: response.status, code, cache, job }
    } catch (error) {
      const none = { status: null, cache: undefined, job: undefined }
      return { askedAt, toldAt: Date.now(), code: reasonOf(error), ...none }
    }
  }
}

export function isEnd(sighting: Sighting | undefined): boolean {
  return sighting !== undefined && (sighting.status === 'gone' || isTerminal(sighting.status))
}

function headersOf(plan: RequestPlan, waitSeconds: number, hurriedDeadlineMs: number) {
  return {
    'content-type': 'image/png',
    prefer: waitSeconds === 0 ? 'respond-async' : `wait=${waitSeconds}`,
    'x-priority': plan.priority,
    ...(plan.idempotencyKey === undefined ? {} : { 'idempotency-key': plan.idempotencyKey }),
    ...(plan.hurried ? { 'cancel-after': `${hurriedDeadlineMs / 1000}s` } : {}),
    ...(plan.noStore ? { 'cache-control': 'no-store' } : {}),
  }
}

/** What became of a call that has no answer; one that is no JSON is told by its error's name. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const cause = error.cause as { code?: string } | undefined
  return cause?.code ?? error.name
}
