import type { Hono } from 'hono'
import type { RequestIdVariables } from 'hono/request-id'
import type { ApiKeyStore, Caller } from '../shared/api-key.ts'
import type { BatchStore } from '../shared/batch.ts'
import type { Clock } from '../shared/clock.ts'
import type { DeadLetters } from '../shared/dead-letters.ts'
import type { ProblemCode } from '../shared/errors.ts'
import type { JobProducer } from '../shared/job-queue.ts'
import type { ModelReference } from '../shared/model-reference.ts'
import type { HistoryStore } from '../shared/snapshot.ts'
import type { StatisticsReader } from '../shared/statistics.ts'
import type { WebhookUrlRules } from '../shared/webhook-url.ts'
import type { Callers } from './callers.ts'
import type { ConsoleAssets } from './console-assets.ts'
import type { PhotoIntake } from './decode-or-forward.ts'
import type { ModelDirectory } from './model-directory.ts'
import type { RequestTimings } from './request-timings.ts'
import type { ResultPush } from './result-push.ts'
import type { UploadLimits, Uploads } from './uploads.ts'
import type { ServiceTimes } from './waiting/service-times.ts'

/** A request that has been answered. */
export interface ObservedRequest {
  /** What is registered at its address, e.g. `/result/:id`; `none` where there is nothing. */
  route: string
  method: string
  status: number
  /** Why it was refused. */
  problem: ProblemCode | undefined
  /** Until the answer's headers. */
  ms: number
}

/** Counts requests, where that is of use. */
export interface RequestCounts {
  observe(request: ObservedRequest): void
  /** What it has counted, as Prometheus' text. */
  text(): Promise<string>
}

/** What the edge is handed by its entry file. */
export interface EdgeDeps {
  queue: JobProducer
  apiKeys: ApiKeyStore
  /** Whether who sends no API key is served. */
  allowAnonymous: boolean
  batches: BatchStore
  statistics: StatisticsReader
  deadLetters: DeadLetters
  history: HistoryStore
  /** Undefined where nothing is counted. */
  requests?: RequestCounts | undefined
  /** Jobs of a version at which uploads are refused. */
  maxBacklog: number
  /** Scheme and host that callers use; undefined: those of each request. */
  publicOrigin: string | undefined
  /** For so long after its last job a pool is a reason for a machine, in the depth that machines are scaled by. */
  keptWarmSeconds: number
  photos: PhotoIntake
  /** The most images of one call. */
  maxImages: number
  /** Where webhooks may go. */
  webhookUrls: WebhookUrlRules
  /** Origins of the web pages that may call. */
  corsOrigins: '*' | readonly string[]
  clock: Clock
  /** 0 to 1, for jitter. */
  random: () => number
  /** Told of every failure on our side. `reason` holds neither values nor image bytes. */
  logFailure: (failure: { requestId: string; code: string; reason: string }) => void
  defaultModel: ModelReference | undefined
  /** Seconds that a job may take where neither its model nor its request says. */
  defaultDeadlineSeconds: number
  /** How long a result will do for the same input of the same caller where its model does not say; 0: not at all. */
  cacheTtlSeconds: number
  /** How results are told of; undefined where they are only polled for. */
  push: ResultPush | undefined
  /** Seconds POST /predict waits where the request does not say. */
  defaultWaitSeconds: number
  uploads: UploadLimits
  consoleAssets: ConsoleAssets
  /** Aborted when the process is about to end: whoever waits for a result is answered at once. A Worker is never told. */
  stopping?: AbortSignal
}

/** What all routes of one app share. */
export interface EdgeContext {
  deps: EdgeDeps
  callers: Callers
  models: ModelDirectory
  serviceTimes: ServiceTimes
  uploads: Uploads
}

/**
 * Hono's type parameter: what middleware leaves for handlers. `caller`: only where `authenticate` stands before them; `problem`: once the
 * request was refused.
 */
export type EdgeEnvironment = {
  Variables: RequestIdVariables & {
    caller: Caller
    timings: RequestTimings
    /** Scheme and host that addresses in answers begin with. */
    origin: string
    problem?: ProblemCode
  }
}
export type EdgeApp = Hono<EdgeEnvironment>
