import { expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { jobText } from './job-text.ts'

const job = (fields: Partial<PublicJob>): PublicJob =>
  ({ status: 'succeeded', success: true, predictions: null, error: null, ...fields }) as PublicJob
const pending = { status: 'queued', success: false, queue_position: null, eta_seconds: null } as const

test.each<[what: string, fields: Partial<PublicJob>, text: string]>([
  [
    'labels',
    {
      predictions: [
        { label: 'tabby', probability: 0.6213, index: 1 },
        { label: 'lynx', probability: 0.01, index: 2 },
      ],
    },
    'tabby 62.1%, lynx 1.0%',
  ],
  ['an embedding', { embedding: [1, 2, 3] }, 'an embedding of 3 numbers (--json shows them)'],
  ['tensors', { tensors: { mask: { dtype: 'float32', shape: [2, 3], data: '' } } }, 'mask float32[2, 3]'],
  [
    'a failure',
    {
      status: 'failed',
      success: false,
      error: { code: 'inference-failed', title: 'It failed', retryable: true },
    },
    'failed: It failed (inference-failed)',
  ],
  ['a cancellation', { status: 'canceled', success: false }, 'canceled'],
  [
    'a job in line',
    { ...pending, queue_position: 3, eta_seconds: 0.2 },
    'queued, number 3 in line, about 1 s',
  ],
  ['a job of which nobody knows', pending, 'queued'],
])('%s stands on a line', (_, fields, text) => {
  expect(jobText(job(fields))).toBe(text)
})

test('what would move a terminal’s cursor is not written', () => {
  const predictions = [{ label: 'a\u001b[2Jb\nc', probability: 1, index: 0 }]
  expect(jobText(job({ predictions }))).toBe('a\\u001b[2Jb\\u000ac 100.0%')
})
