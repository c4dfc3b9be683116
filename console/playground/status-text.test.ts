import { expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import type { Photo } from './photo.ts'
import { statusText } from './status-text.ts'

const NOW = 1_000_000
const photo = (change: Partial<Photo>): Photo => ({
  ...{ id: 1, file: new File([], 'a.jpg'), model: undefined, expanded: false },
  ...{ state: 'waiting', sent: 0, reconnecting: false, ...change },
})
const job = (change: Partial<PublicJob>) => change as PublicJob
const problem = {
  title: 'The queue is full',
  detail: '',
  code: '',
  status: 503,
  retryable: true,
  requestId: undefined,
}

test.each<[Partial<Photo>, string]>([
  [{}, 'Waiting to be sent'],
  [{ state: 'uploading', sent: 0.429 }, 'Uploading, 42%'],
  [{ state: 'uploading', sent: 1 }, 'Checked and decoded'],
  [{ state: 'held', problem, retryAt: NOW + 3_100 }, 'The queue is full: tries again in 4 s'],
  [{ state: 'held', problem, retryAt: NOW - 1 }, 'The queue is full: tries again in 0 s'],
  [{ state: 'queued' }, 'Queued'],
  [
    { state: 'queued', job: job({ queue_position: 3, eta_seconds: 75 }) },
    'Queued · place 3 · about 1 min 15 s',
  ],
  [{ state: 'queued', reconnecting: true }, 'Queued · reconnecting'],
  [
    {
      state: 'succeeded',
      tookMs: 342,
      job: job({ predictions: [{ label: 'beagle', probability: 0.5, index: 1 }] }),
    },
    'beagle, 50.0%, in 342 ms',
  ],
  [{ state: 'succeeded', job: job({ predictions: null }) }, 'Done'],
  [{ state: 'refused', problem }, 'The queue is full'],
  [{ state: 'lost', problem, reconnecting: true }, 'Lost sight of it'],
  [
    { state: 'expired', job: job({ error: { code: 'job-expired', title: 'Too late', retryable: true } }) },
    'Too late',
  ],
])('%o reads %j', (change, text) => {
  expect(statusText(photo(change), NOW)).toBe(text)
})
