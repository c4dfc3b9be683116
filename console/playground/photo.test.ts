import { expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { mayEndOtherwise, type Photo } from './photo.ts'

const photo = (change: Partial<Photo>): Photo => ({
  ...{ id: 1, file: new File([], 'a.jpg'), model: undefined, expanded: false },
  ...{ state: 'refused', sent: 0, reconnecting: false, ...change },
})
const refused = (status: number, retryable: boolean) =>
  photo({ problem: { title: '', detail: '', code: '', status, retryable, requestId: undefined } })
const failed = (retryable: boolean) =>
  photo({
    state: 'failed',
    job: { error: { code: 'job-failed', title: '', retryable } } as unknown as PublicJob,
  })

test.each<[string, Photo, boolean]>([
  ['a photo that is none', refused(415, false), false],
  ['a refusal for a passing reason', refused(408, true), true],
  ['no answer', refused(0, true), true],
  ['a rate that is used up', refused(429, false), true],
  ['a service that is away', refused(503, false), true],
  ['a key that is none, as there may be another now', refused(401, false), true],
  ['a job that would fail again', failed(false), false],
  ['a job that failed by chance', failed(true), true],
  ['what was canceled', photo({ state: 'canceled' }), true],
  ['what was run well', photo({ state: 'succeeded' }), true],
])('%s: run again, it may end otherwise: %j', (_, over, expected) => {
  expect(mayEndOtherwise(over)).toBe(expected)
})
