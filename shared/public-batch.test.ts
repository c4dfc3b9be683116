import { describe, expect, test } from 'vitest'
import type { Batch } from './batch.ts'
import type { Job } from './job.ts'
import type { JobStatus } from './job-state.ts'
import { hasEnded, publicBatchSchema, toPublicBatch } from './public-batch.ts'

const VIEW = { origin: 'https://edge.test', encoding: 'float' } as const
const REFUSED = { error: { code: 'undecodable-image', detail: 'It is damaged.' } } as const
const GONE = { job: undefined }

function jobThatIs(status: JobStatus): { job: Job } {
  const job: Job = {
    ...{ id: 'id', model: 'm', model_version: '1', status, priority: 'normal', owner: '', attempt: 0 },
    ...{ created_at: 1_000, deadline: 2_000, result_ttl: 1_000, outlived: false, read_at: 1_500 },
  }
  return { job }
}

function batchOf(...items: Batch['items']): Batch {
  return { id: 'batch_x.m', model: 'm', modelVersion: '1', owner: '', createdAt: 1_000, items }
}

const shown = (...items: Batch['items']) => publicBatchSchema.parse(toPublicBatch(batchOf(...items), VIEW))

test('a batch shows its jobs and refusals in their order, and where to ask for it', () => {
  const body = shown(jobThatIs('succeeded'), REFUSED, GONE)
  expect(body).toMatchObject({
    id: 'batch_x.m',
    model: 'm',
    model_version: '1',
    created_at: '1970-01-01T00:00:01.000Z',
    urls: {
      get: 'https://edge.test/result/batch_x.m',
      cancel: 'https://edge.test/result/batch_x.m/cancel',
      events: 'https://edge.test/result/batch_x.m',
    },
    items: [
      { index: 0, job: { id: 'id', urls: { get: 'https://edge.test/result/id' } }, error: null },
      {
        index: 1,
        job: null,
        error: {
          code: 'undecodable-image',
          title: 'The image cannot be decoded',
          detail: 'It is damaged.',
          retryable: false,
        },
      },
      { index: 2, job: null, error: { code: 'result-expired' } },
    ],
  })
})

test('counts each image once; a result that is gone counts as expired', () => {
  const statuses: JobStatus[] = ['queued', 'processing', 'succeeded', 'failed', 'canceled', 'expired']
  expect(shown(...statuses.map(jobThatIs), REFUSED, GONE).counts).toEqual({
    ...{ total: 8, queued: 1, processing: 1, succeeded: 1, failed: 1, canceled: 1, expired: 2, refused: 1 },
  })
})

describe('its status is', () => {
  test.each([
    ['queued', [jobThatIs('queued'), jobThatIs('queued')]],
    ['queued', [jobThatIs('queued'), REFUSED]],
    ['processing', [jobThatIs('queued'), jobThatIs('processing')]],
    ['processing', [jobThatIs('queued'), jobThatIs('succeeded')]],
    ['processing', [jobThatIs('failed'), jobThatIs('processing'), REFUSED]],
    ['completed', [jobThatIs('succeeded'), jobThatIs('failed'), jobThatIs('canceled'), jobThatIs('expired')]],
    ['completed', [REFUSED, REFUSED]],
    ['completed', [GONE, jobThatIs('succeeded')]],
  ] as [string, Batch['items']][])('%s (case %#)', (status, items) => {
    expect(shown(...items).status).toBe(status)
    expect(hasEnded(batchOf(...items))).toBe(status === 'completed')
  })
})

test('it is a success when all succeeded', () => {
  expect(shown(jobThatIs('succeeded'), jobThatIs('succeeded')).success).toBe(true)
  for (const other of [jobThatIs('failed'), jobThatIs('queued'), REFUSED, GONE])
    expect(shown(jobThatIs('succeeded'), other).success).toBe(false)
})
