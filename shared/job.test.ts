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
  withoutOutput,
} from '../test/support/stored-jobs.ts'
import { type Job, parseStoredJob, parseToldJob } from './job.ts'

const parse = (fields: Record<string, string>, nowMs = CREATED) => parseStoredJob(ID, 'm', fields, nowMs)

describe('a stored job', () => {
  test('is read with numbers for its times and counts', () => {
    expect(parse(succeeded)).toEqual({
      id: ID,
      model: 'm',
      status: 'succeeded',
      model_version: '7',
      created_at: CREATED,
      deadline: DEADLINE,
      result_ttl: 3_600_000,
      priority: 'normal',
      owner: '',
      outlived: false,
      read_at: CREATED,
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
    ['no times', { status: 'queued', model_version: '7', attempt: '0', priority: 'normal', owner: '' }],
    ['an unknown priority', { ...queued, priority: 'urgent' }],
    ['a webhook that is none', { ...queued, webhook: '{"url":7}' }],
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

describe('how long a job is kept', () => {
  test.each([
    ['succeeded', succeeded, CREATED + 32],
    ['failed', failed, CREATED + 32],
    ['canceled', { ...processing, status: 'canceled', completed_at: String(CREATED + 25) }, CREATED + 25],
    ['expired, by its deadline alone', queued, DEADLINE],
  ])('counts from its end: %s', (_, fields, end) => {
    expect(parse(fields, end + 3_599_999).outlived).toBe(false)
    expect(parse(fields, end + 3_600_000).outlived).toBe(true)
  })
})

describe('what is told of a job', () => {
  test('is its hash as JSON, as it was at its end', () => {
    const end = Number(succeeded.completed_at)
    expect(parseToldJob(ID, 'm', JSON.stringify(succeeded))).toEqual(parse(succeeded, end))
  })

  test.each(['', '{}', 'null', '[]', '{"status":"succeeded"}'])('is nothing where it is %j', (message) => {
    expect(parseToldJob(ID, 'm', message)).toBeUndefined()
  })
})
