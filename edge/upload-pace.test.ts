import { expect, test } from 'vitest'
import { ProblemError } from '../shared/errors.ts'
import { HandClock } from '../test/support/hand-clock.ts'
import { UploadPace } from './upload-pace.ts'

const busy = new ProblemError('edge-busy', 'Too many.')

/** The pace of an isolate that has worked off an upload each `everyMs`. */
function paceOf(everyMs: number) {
  const clock = new HandClock()
  const pace = new UploadPace(clock)
  for (let i = 0; i < 200; i++) {
    clock.pass(everyMs)
    pace.done()
  }
  const told = (n: number) =>
    Array.from({ length: n }, () => Number(pace.refused(busy).headers['retry-after']))
  return { clock, pace, told }
}

test('those who are refused come back half as fast as uploads are worked off', () => {
  const { told } = paceOf(100)
  // Five a second.
  expect(told(16)).toEqual([1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4])
})

test('time that passes brings them nearer', () => {
  const { clock, told } = paceOf(500)
  expect(told(4)).toEqual([1, 2, 3, 4])
  clock.pass(3_000)
  expect(told(2)).toEqual([2, 3])
  clock.pass(60_000)
  expect(told(1)).toEqual([1])
})

test('nobody is told to stay away for more than a minute', () => {
  expect(Math.max(...paceOf(1_000).told(200))).toBe(60)
})

test('idle time says nothing of how fast uploads are worked off', () => {
  const { clock, pace, told } = paceOf(100)
  clock.pass(3_600_000)
  pace.done()
  // A tenth of a second more, and no hour.
  expect(told(3)).toEqual([1, 2, 2])
})

test('the refusal is the one that it was', () => {
  expect(paceOf(100).pace.refused(busy)).toMatchObject({ code: 'edge-busy', detail: 'Too many.' })
})
