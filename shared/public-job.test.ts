import { describe, expect, test } from 'vitest'
import {
  CREATED,
  DEADLINE,
  detected,
  embedded,
  failed,
  ID,
  predictions,
  processing,
  queued,
  succeeded,
  tensors,
  vector,
} from '../test/support/stored-jobs.ts'
import { PROBLEMS } from './errors.ts'
import { parseStoredJob } from './job.ts'
import { publicJobSchema, toPublicJob } from './public-job.ts'

const origin = 'https://eb'
const outlook = { position: 3, etaSeconds: 1.5 }
const parse = (fields: Record<string, string>, nowMs = CREATED) => parseStoredJob(ID, 'm', fields, nowMs)
const show = (fields: Record<string, string>, nowMs = CREATED) =>
  toPublicJob(parse(fields, nowMs), { origin })

describe('the public job', () => {
  test('of a success has its predictions and no error', () => {
    expect(show(succeeded)).toEqual({
      id: ID,
      status: 'succeeded',
      success: true,
      model: 'm',
      model_version: '7',
      priority: 'normal',
      predictions,
      error: null,
      created_at: '2026-01-02T03:04:05.678Z',
      started_at: '2026-01-02T03:04:05.698Z',
      completed_at: '2026-01-02T03:04:05.710Z',
      queue_position: null,
      eta_seconds: null,
      metrics: { queue_ms: 20, predict_ms: 11.5, batch_size: 4, attempts: 1 },
      webhook: null,
      urls: {
        get: `https://eb/result/${ID}`,
        cancel: `https://eb/result/${ID}/cancel`,
        events: `https://eb/result/${ID}`,
      },
    })
  })

  test('of an embedding has it as numbers that give every float32 back, or as it is stored', () => {
    const shown = show(embedded)
    expect(shown).toMatchObject({ success: true, predictions: null, embedding: [0.100000001, -2] })
    expect(Array.isArray(shown.embedding) && shown.embedding.map(Math.fround)).toEqual([Math.fround(0.1), -2])
    expect(toPublicJob(parse(embedded), { origin, encoding: 'base64' }).embedding).toEqual(vector)
  })

  test.each(['float', 'base64'] as const)(
    'of tensors has them as they are stored, asked for as %s',
    (encoding) => {
      const shown = toPublicJob(parse(detected), { origin, encoding })
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
    expect(toPublicJob(parse(queued), { origin, outlook })).toMatchObject({
      queue_position: 3,
      eta_seconds: 1.5,
    })
  })

  test('has no place in the queue once it left it', () => {
    for (const fields of [processing, succeeded, failed])
      expect(toPublicJob(parse(fields), { origin, outlook }).queue_position).toBeNull()
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

  test('tells how far its webhook has come, times as times', () => {
    const webhook = { url: 'https://hooks.example/x', events: ['failed'], origin: 'https://eb' }
    const stored = { ...failed, webhook: JSON.stringify(webhook) }
    expect(show(stored).webhook).toEqual({
      ...{
        url: 'https://hooks.example/x',
        status: 'pending',
        attempts: 0,
        last_status: null,
        last_error: null,
      },
      ...{ next_attempt_at: null, delivered_at: null },
    })
    const delivery = { status: 'delivered', attempts: 2, last_status: 204, last_error: null }
    const told = { ...delivery, next_attempt_at: null, delivered_at: CREATED }
    expect(show({ ...stored, webhook_delivery: JSON.stringify(told) }).webhook).toMatchObject({
      ...{ status: 'delivered', attempts: 2, last_status: 204, delivered_at: '2026-01-02T03:04:05.678Z' },
    })
  })

  test('is what its schema says, in every state', () => {
    for (const fields of [queued, processing, succeeded, failed, embedded, detected])
      expect(publicJobSchema.strict().safeParse(show(fields)).error).toBeUndefined()
  })
})
