import { expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import type { Photo } from './photo.ts'
import { parseServerTiming } from './server-timing.ts'
import { timeSplit } from './time-split.ts'

test('the edge’s parts and the job’s, in the order in which they come', () => {
  const metrics = { queue_ms: 8, predict_ms: 119.5, batch_size: 1, attempts: 1 }
  const serverTiming = parseServerTiming('validate;dur=0.4, decode;dur=21, enqueue;dur=3')
  const parts = timeSplit({ serverTiming, job: { metrics } as PublicJob } as Photo)
  expect(parts.map(({ name, ms }) => [name, ms])).toEqual([
    ['Validate', 0.4],
    ['Decode', 21],
    ['Enqueue', 3],
    ['Queue', 8],
    ['Predict', 119.5],
  ])
})

test('what was not measured is left out', () => {
  const metrics = { queue_ms: 8, predict_ms: null, batch_size: null, attempts: 1 }
  expect(timeSplit({ job: { metrics } as PublicJob } as Photo).map(({ name }) => name)).toEqual(['Queue'])
})

test('what Server-Timing says besides, or wrongly, does no harm', () => {
  expect(parseServerTiming(null)).toEqual({})
  expect(parseServerTiming('cfL4;desc="?proto=TCP", decode;desc="x";dur=4.5, ;;;')).toEqual({ decode: 4.5 })
})
