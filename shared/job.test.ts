import { describe, expect, test } from 'vitest'
import { PROBLEMS } from './errors.ts'
import { type Job, parseStoredJob, toPublicJob } from './job.ts'

const ID = 'AZaz09-_AZaz09-_AZaz09.m'
const CREATED = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const DEADLINE = CREATED + 60_000

const queued = {
  status: 'queued',
  model_version: '7',
  created_at: String(CREATED),
  deadline: String(DEADLINE),
  attempt: '0',
}
const processing = { ...queued, status: 'processing', attempt: '1', started_at: String(CREATED + 20) }
const predictions = [
  { label: 'beagle', probability: 0.75, index: 162 },
  { label: 'basset', probability: 0.25, index: 161 },
]
const succeeded = {
  ...processing,
  status: 'succeeded',
  completed_at: String(CREATED + 32),
  predictions: JSON.stringify(predictions),
  predict_ms: '11.5',
  batch_size: '4',
}
const vector = { dtype: 'float32', shape: [2], data: base64(Float32Array.of(0.1, -2)) }
const { predictions: _, ...withoutOutput } = succeeded
const embedded = { ...withoutOutput, embedding: JSON.stringify(vector) }
const tensors = {
  boxes: { dtype: 'float32', shape: [1, 2], data: base64(Float32Array.of(1, 2)) },
  ids: { dtype: 'int64', shape: [], data: base64(BigInt64Array.of(7n)) },
}
const detected = { ...withoutOutput, tensors: JSON.stringify(tensors) }
const failed = {
  ...processing,
  status: 'failed',
  completed_at: String(CREATED + 32),
  error: 'inference-failed',
}

function base64(elements: ArrayBufferView): string {
  return Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength).toString('base64')
}

const parse = (fields: Record<string, string>, nowMs = CREATED) => parseStoredJob(ID, 'm', fields, nowMs)
const show = (fields: Record<string, string>, nowMs = CREATED) =>
  toPublicJob(parse(fields, nowMs), 'https://eb')

describe('a stored job', () => {
  test('is read with numbers for its times and counts', () => {
    expect(parse(succeeded)).toEqual({
      id: ID,
      model: 'm',
      status: 'succeeded',
      model_version: '7',
      created_at: CREATED,
      deadline: DEADLINE,
      attempt: 1,
      started_at: CREATED + 20,
      completed_at: CREATED + 32,
      predictions,
      predict_ms: 11.5,
      batch_size: 4,
    } satisfies Job)
  })

  test('may hold more than this version knows', () => {
    expect(parse({ ...queued, entry: '1-1', request_id: 'r', some_day: 'x' }).status).toBe('queued')
  })

  test('has its embedding or its tensors as they were stored', () => {
    expect(parse(embedded)).toMatchObject({ embedding: vector })
    expect(parse(detected)).toMatchObject({ tensors })
  })

  test.each([
    ['an embedding of another type', { embedding: JSON.stringify({ ...vector, dtype: 'int32' }) }],
    ['an embedding of another shape', { embedding: JSON.stringify({ ...vector, shape: [1, 2] }) }],
    ['an embedding that was cut off', { embedding: JSON.stringify({ ...vector, data: 'AAAA' }) }],
    ['an embedding that is no tensor', { embedding: '[0.1,-2]' }],
    ['tensors of an unknown type', { tensors: JSON.stringify({ t: { ...vector, dtype: 'float8' } }) }],
    ['tensors of another length', { tensors: JSON.stringify({ t: { ...vector, shape: [3] } }) }],
  ])('with %s is refused', (_, fields) => {
    expect(() => parse({ ...withoutOutput, ...fields })).toThrow()
  })

  test.each([
    ['an unknown status', { ...queued, status: 'lost' }],
    ['no times', { status: 'queued', model_version: '7', attempt: '0' }],
    ['a time that is none', { ...queued, created_at: 'yesterday' }],
    ['predictions that are none', { ...succeeded, predictions: '[{"label":"beagle"}]' }],
  ])('with %s is refused', (_, fields) => {
    expect(() => parse(fields)).toThrow()
  })
})

describe('a job past its deadline', () => {
  test.each([
    ['queued', queued],
    ['processing', processing],
  ])('that is still %s counts as expired, from the deadline on', (status, fields) => {
    expect(parse(fields, DEADLINE - 1)).toMatchObject({ status })
    expect(parse(fields, DEADLINE - 1).completed_at).toBeUndefined()
    expect(parse(fields, DEADLINE)).toMatchObject({ status: 'expired', completed_at: DEADLINE })
    expect(parse(fields, DEADLINE + 5_000)).toMatchObject({ status: 'expired', completed_at: DEADLINE })
  })

  test.each([
    ['succeeded', succeeded],
    ['failed', failed],
  ])('that %s stays so', (status, fields) => {
    expect(parse(fields, DEADLINE + 5_000)).toMatchObject({ status, completed_at: CREATED + 32 })
  })
})

describe('the public job', () => {
  test('of a success has its predictions and no error', () => {
    expect(show(succeeded)).toEqual({
      id: ID,
      status: 'succeeded',
      success: true,
      model: 'm',
      model_version: '7',
      predictions,
      error: null,
      created_at: '2026-01-02T03:04:05.678Z',
      started_at: '2026-01-02T03:04:05.698Z',
      completed_at: '2026-01-02T03:04:05.710Z',
      queue_position: null,
      eta_seconds: null,
      metrics: { queue_ms: 20, predict_ms: 11.5, batch_size: 4, attempts: 1 },
      urls: { get: `https://eb/result/${ID}` },
    })
  })

  test('of an embedding has it as numbers that give every float32 back, or as it is stored', () => {
    const shown = show(embedded)
    expect(shown).toMatchObject({ success: true, predictions: null, embedding: [0.100000001, -2] })
    expect(Array.isArray(shown.embedding) && shown.embedding.map(Math.fround)).toEqual([Math.fround(0.1), -2])
    expect(toPublicJob(parse(embedded), 'https://eb', null, 'base64').embedding).toEqual(vector)
  })

  test.each(['float', 'base64'] as const)(
    'of tensors has them as they are stored, asked for as %s',
    (encoding) => {
      const shown = toPublicJob(parse(detected), 'https://eb', null, encoding)
      expect(shown).toMatchObject({ success: true, predictions: null, tensors })
      expect(shown).not.toHaveProperty('embedding')
    },
  )

  test('has no embedding and no tensors where there are none', () => {
    for (const fields of [queued, succeeded, failed]) {
      expect(show(fields)).not.toHaveProperty('embedding')
      expect(show(fields)).not.toHaveProperty('tensors')
    }
  })

  test('has success only when it succeeded', () => {
    const shown = [queued, processing, succeeded, failed].map((fields) => show(fields))
    expect(shown.map(({ status, success }) => [status, success])).toEqual([
      ['queued', false],
      ['processing', false],
      ['succeeded', true],
      ['failed', false],
    ])
  })

  test('of a queued job knows no times yet, and its place if it was told', () => {
    expect(show(queued)).toMatchObject({
      predictions: null,
      error: null,
      started_at: null,
      completed_at: null,
      queue_position: null,
      metrics: { queue_ms: null, predict_ms: null, batch_size: null, attempts: 0 },
    })
    expect(toPublicJob(parse(queued), 'https://eb', 3).queue_position).toBe(3)
  })

  test('has no place in the queue once it left it', () => {
    for (const fields of [processing, succeeded, failed])
      expect(toPublicJob(parse(fields), 'https://eb', 3).queue_position).toBeNull()
  })

  test('of a failure says what the table of errors says', () => {
    const { title, retryable } = PROBLEMS['inference-failed']
    expect(show(failed)).toMatchObject({
      predictions: null,
      error: { code: 'inference-failed', title, retryable },
    })
  })

  test.each(['invented-tomorrow', 'constructor', '__proto__', ''])(
    'of a failure with the unknown code %j says internal-error',
    (error) => {
      expect(show({ ...failed, error }).error?.code).toBe('internal-error')
    },
  )

  test('of a failure without a code says internal-error', () => {
    const { error: _, ...codeless } = failed
    expect(show(codeless).error?.code).toBe('internal-error')
  })

  test('of an expired job says so, and that it waited until its deadline', () => {
    expect(show(queued, DEADLINE)).toMatchObject({
      status: 'expired',
      success: false,
      error: { code: 'job-expired', retryable: true },
      completed_at: new Date(DEADLINE).toISOString(),
      metrics: { queue_ms: 60_000, attempts: 0 },
    })
  })

  test('shows none of what is only ours', () => {
    const text = JSON.stringify(show({ ...succeeded, pool: 'host-1', request_id: 'secret', entry: '5-5' }))
    for (const ours of ['host-1', 'secret', '5-5', 'deadline']) expect(text).not.toContain(ours)
  })
})
