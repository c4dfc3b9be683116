import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { parseTraceparent } from '../../shared/traceparent.ts'
import { heldMs, queuedMs } from './durations.ts'
import { failureOf, isOurs } from './failures.ts'
import type { BatchTimes, PoolObserver, SettledBatch, SettledJob } from './pool-observer.ts'

/** Milliseconds: by the wall clock since the epoch, and by the monotonic clock of `BatchTimes`. */
export interface SpanClock {
  now(): number
  elapsed(): number
}

interface JobSpan {
  span: Span
  context: Context
  /** Milliseconds since the epoch. */
  claimedAt: number
}

/**
 * Gives each job that came with a `traceparent` a span under its caller's, with one below for each stage, and each batch that holds such
 * jobs a span of its own, linked to theirs both ways. Spans are made when all is over, so that the pool's way is the same traced or not; a
 * job whose caller does not record its trace costs next to nothing.
 */
export class JobSpans implements PoolObserver {
  readonly #tracer: Tracer
  readonly #clock: SpanClock

  constructor(tracer: Tracer, clock: SpanClock) {
    this.#tracer = tracer
    this.#clock = clock
  }

  modelServed(): void {}
  modelGone(): void {}
  jobsReleased(): void {}

  attemptsLost(): void {}
  pendingChanged(): void {}

  batchSettled({ manifest, instance, size, bucket, times, jobs }: SettledBatch): void {
    const at = this.#epochOf()
    const batch = { 'edgebatch.batch.size': size, 'edgebatch.batch.bucket': bucket }
    const claimed = claimTimes(jobs, times, at)
    const spans = jobs.flatMap((settled) => this.#startJob(manifest, settled, claimed(settled), batch))
    if (spans.length === 0) return
    const ran = this.#tracer.startSpan('edgebatch.batch', {
      ...{ root: true, startTime: at(times.takenAt), links: spans.map(({ span }) => linkTo(span)) },
      attributes: { ...versionAttributes(manifest), ...batch, 'edgebatch.instance': instance },
    })
    for (const { span, context, claimedAt } of spans) {
      this.#stage('fetch', claimedAt, at(times.fetchedAt), context)
      this.#stage('wait', at(times.fetchedAt), at(times.inferBegin), context)
      this.#stage('infer', at(times.inferBegin), at(times.inferEnd), context, ran)
      this.#stage('settle', at(times.inferEnd), at(times.settledAt), context)
      span.end(at(times.settledAt))
    }
    ran.end(at(times.settledAt))
  }

  jobsFailed(
    manifest: ModelManifest,
    jobs: readonly SettledJob[],
    times: Pick<BatchTimes, 'claimedAt' | 'settledAt'>,
  ): void {
    const at = this.#epochOf()
    const claimed = claimTimes(jobs, times, at)
    for (const settled of jobs)
      for (const { span } of this.#startJob(manifest, settled, claimed(settled), {}))
        span.end(at(times.settledAt))
  }

  /** The job's span, begun when the job was accepted, and that of its wait; nothing if it is not to be recorded. */
  #startJob(manifest: ModelManifest, settled: SettledJob, claimedAt: number, more: Attributes): JobSpan[] {
    const parent = parentOf(settled)
    if (!parent) return []
    const startTime = claimedAt - queuedMs(settled.job)
    const attributes = { ...versionAttributes(manifest), ...jobAttributes(settled), ...more }
    const span = this.#tracer.startSpan(
      'edgebatch.job',
      { kind: SpanKind.CONSUMER, startTime, attributes },
      parent,
    )
    if (!span.isRecording()) return []
    const failure = failureOf(settled)
    if (failure && isOurs(failure)) span.setStatus({ code: SpanStatusCode.ERROR, message: failure })
    const context = trace.setSpan(parent, span)
    this.#stage('queue', startTime, claimedAt, context)
    return [{ span, context, claimedAt }]
  }

  #stage(name: string, startTime: number, endTime: number, job: Context, linked?: Span): void {
    const links = linked?.isRecording() ? [linkTo(linked)] : []
    this.#tracer.startSpan(`edgebatch.${name}`, { startTime, links }, job).end(endTime)
  }

  /** The wall clock is asked now: it may have been set since the process began. */
  #epochOf(): (elapsedMs: number) => number {
    const offset = this.#clock.now() - this.#clock.elapsed()
    return (elapsedMs) => offset + elapsedMs
  }
}

/** When each job was claimed, in ms since the epoch by this machine's clock. */
function claimTimes(
  jobs: readonly SettledJob[],
  times: Pick<BatchTimes, 'claimedAt' | 'settledAt'>,
  at: (elapsedMs: number) => number,
): (settled: SettledJob) => number {
  const held = heldMs(jobs, times)
  return ({ job }) => at(times.settledAt) - held(job)
}

function parentOf({ job }: SettledJob): Context | undefined {
  const parent = job.traceparent === undefined ? undefined : parseTraceparent(job.traceparent)
  if (!parent) return undefined
  const { traceId, spanId, flags } = parent
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: flags, isRemote: true })
}

function linkTo(span: Span) {
  return { context: span.spanContext() }
}

function versionAttributes({ name, version }: ModelManifest): Attributes {
  return { 'edgebatch.model': name, 'edgebatch.model.version': version }
}

function jobAttributes(settled: SettledJob): Attributes {
  const { job, outcome } = settled
  const failure = failureOf(settled)
  return {
    'edgebatch.job.id': job.id,
    'edgebatch.request.id': job.requestId,
    'edgebatch.attempt': job.attempt,
    'edgebatch.outcome': outcome,
    ...(failure === undefined ? {} : { 'error.type': failure }),
  }
}
