import type { Prediction } from '../../shared/job.ts'
import type { PublicBatch } from '../../shared/public-batch.ts'
import type {
  PublicDeadLetter,
  PublicDeadLetterDetails,
  PublicDeadLetters,
  PublicRetry,
} from '../../shared/public-dead-letter.ts'
import type { PublicHistory } from '../../shared/public-history.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import type { PublicModel } from '../../shared/public-models.ts'
import type { PublicProblem } from '../../shared/public-problem.ts'
import type { PublicStats, PublicWork } from '../../shared/public-stats.ts'
import type { TensorValue } from '../../shared/tensor-value.ts'

/** What the reference says of each field. The types see to it that none is forgotten, and none described that is not there. */
type Described<T> = Record<keyof T, string>

const job: Described<PublicJob> = {
  id: 'Unguessable. Whoever holds it may ask for the job.',
  status: 'The last four are final: a job that has ended never changes again.',
  success: 'Whether it succeeded.',
  model: 'The model that it is for.',
  model_version: 'Fixed when the job is accepted.',
  priority: 'As asked for in X-Priority.',
  predictions: 'Labels, best first. Null until it succeeded, and for models of other tasks.',
  embedding:
    'Only of a model that embeds, once it succeeded: numbers, or with ?encoding_format=base64 a tensor.',
  tensors:
    'Only of a model that is shown as it is, once it succeeded: its outputs by their names in the graph.',
  error: 'Why it failed or expired; null otherwise. Codes as in problems.',
  created_at: 'When it was accepted.',
  started_at: 'When a worker pool took it last; null before.',
  completed_at: 'When it ended; null before.',
  queue_position: 'Jobs that will have been served when this one has, itself included. Null once not queued.',
  eta_seconds: 'Estimated seconds until its result. Null once it has ended, or where no live pool has told.',
  metrics: 'How long it waited and ran, in ms; how many images ran with it; how often it was tried.',
  webhook: 'How far its webhook was told; null where none was asked for.',
  urls: 'Where it can be read, canceled (POST) and followed (Accept: text/event-stream).',
}

const batch: Described<PublicBatch> = {
  id: 'Unguessable. Ask for it, cancel it and follow it as a job.',
  status: 'queued: nothing has begun. completed: each image has its result, or will have none.',
  success: 'Whether all of them succeeded.',
  model: 'The model that all are for.',
  model_version: 'Fixed when the batch is accepted.',
  created_at: 'When it was accepted.',
  counts: 'How many images are how far. refused: those that never became jobs.',
  items: 'The images in the order of the call: each has a job, or the error that kept it from becoming one.',
  urls: 'Where it can be read, canceled (POST) and followed (Accept: text/event-stream).',
}

const stats: Described<PublicStats> = {
  at: 'When it was so, by the clock of Redis.',
  models:
    'Each version of a model: its jobs that wait or run, by priority, how long the oldest that no pool has taken waits, how fast jobs come and could be served, in how many seconds the backlog would be, and the pools that serve it. state: retiring, pools serve another version of the model; waiting, none serves the model.',
  queue_depth:
    'What machines are to be scaled by, in all and by model: jobs that wait or run, or what busy pools count for (100 each) if that is more. 1 in all while no model is known.',
  arrival_rate: 'Jobs accepted a second, lately; null where nobody has looked between 10 s and 150 s ago.',
  last_minute: 'What all pools did.',
  dead_letters: 'Jobs that have lost their last attempt, and are kept.',
  pools:
    'Each live worker pool: what it serves, what it runs on, how fast it is, and whether it gets on: slow, a run of a model takes far longer than they did lately; stuck, it will not end any more.',
  redis: 'What Redis takes in memory, and at which it takes no more jobs; null where it does not tell.',
}

const work: Described<PublicWork> = {
  settled: 'Jobs that ended, well or not, in the minute before each pool told of it last.',
  failures: 'Those that ended without a result, by error code.',
  latency_ms:
    'Percentiles: until a pool took the job, of the run it was in, and from acceptance to its end. Null where nothing ended.',
  batch_sizes: 'Runs by the images in them: no more than up_to, and more than the next smaller one.',
}

const history: Described<PublicHistory> = {
  minutes:
    'Each minute in which somebody looked: a cron trigger that reports the depth, or whoever asked for GET /stats. What was not looked at is null.',
}

const deadLetters: Described<PublicDeadLetters> = {
  dead_letters: 'Newest first.',
  next: 'For ?after=; null at the end.',
}

const deadLetter: Described<PublicDeadLetter> = {
  id: 'The job’s.',
  model: 'The model that it was for.',
  model_version: 'And its version.',
  reason: 'Why the last attempt was lost: pool-lost or instance-lost.',
  attempts: 'How many were lost.',
  pool: 'The pool that lost the last.',
  at: 'When that was.',
  input_bytes: 'What its input takes; null once that has expired: then it cannot be retried.',
}

const deadLetterDetails: Described<PublicDeadLetterDetails> = {
  ...deadLetter,
  owner: 'Id of the API key that sent it; null without one.',
  webhook: 'Who is told of its end: of the address only the host.',
  job: 'What else its record held.',
}

const retry: Described<PublicRetry> = {
  id: 'The new job’s.',
  retry_of: 'The one that died.',
  served: 'Whether a live pool serves its version. If none does by its deadline, it expires.',
  urls: 'Where it can be read, with the API key of the first job.',
}

const prediction: Described<Prediction> = {
  label: 'The class, as the model names it.',
  probability: 'From 0 to 1.',
  index: 'The class as a number.',
}

const tensorValue: Described<TensorValue> = {
  dtype: 'Type of the elements. bool is one byte, 0 or 1.',
  shape: 'Without the batch dimension.',
  data: 'The elements, little-endian, in base64.',
}

const webhookDelivery: Described<NonNullable<PublicJob['webhook']>> = {
  url: 'Who is told.',
  status: 'disabled: the receiver has answered 410, now or before. skipped: the event was not asked for.',
  attempts: 'How often it was tried.',
  last_status: 'HTTP status of the last attempt; null where no answer came.',
  last_error: 'Why the last attempt failed.',
  next_attempt_at: 'When it is tried again.',
  delivered_at: 'When the receiver took it.',
}

const problem: Described<PublicProblem> = {
  type: 'urn:edgebatch:problem: and the code.',
  title: 'What the code means, for people.',
  status: 'The HTTP status.',
  detail: 'What was wrong with this request, for people.',
  code: 'For programs. The table of errors lists all.',
  retryable: 'Whether the very same request may succeed later.',
  success: 'False, as in a job that did not succeed.',
  request_id: 'As in X-Request-Id: what to quote when you ask about it.',
}

const modelVersion: Described<PublicModel['versions'][number]> = {
  version: 'For ?version=.',
  description: 'What its owner says of it.',
  license: 'What its owner says of its licence.',
  task: 'What it says of an image: labels, an embedding, or its outputs as they are.',
  input: 'What an image becomes: height, width, 3 colours.',
  resize: 'How an image becomes that.',
  decode: 'Where images are decoded, and which types may travel to the pool as they are.',
  image_types: 'What POST /predict takes for it, most common first.',
  serving: 'How its batches are gathered, and its jobs treated.',
  live: 'Whether a worker pool serves it now. Jobs are taken either way.',
  pools: 'The live worker pools that serve it.',
  default: 'Whether requests get it that name no version.',
}

const { default: _, ...ofDefault } = modelVersion
const model: Described<PublicModel> = {
  ...ofDefault,
  version: 'Version of the fields beside it: the default, or the highest where there is none.',
  name: 'For ?model=.',
  default: 'Whether your requests get it that name no model. Of none where they must name one.',
  default_version: 'What requests get that name no version; null if the settings name one that is not there.',
  versions: 'All versions, highest first.',
}

/** By component. */
export const FIELD_DESCRIPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Job: job,
  Batch: batch,
  Stats: stats,
  Work: work,
  History: history,
  DeadLetters: deadLetters,
  DeadLetter: deadLetter,
  DeadLetterDetails: deadLetterDetails,
  Retry: retry,
  Prediction: prediction,
  TensorValue: tensorValue,
  WebhookDelivery: webhookDelivery,
  Problem: problem,
  Model: model,
  ModelVersion: modelVersion,
}
