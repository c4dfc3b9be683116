import { expect, test } from 'vitest'
import { observedBatch, observedManifest } from '../../test/support/settled-batch.ts'
import { observeWithAll, type PoolObserver } from './pool-observer.ts'

/** Notes what it is told, as [what, ...told]. */
function notes(): { observer: PoolObserver; told: unknown[][] } {
  const told: unknown[][] = []
  const note =
    (what: string) =>
    (...rest: unknown[]) =>
      void told.push([what, ...rest])
  const observer: PoolObserver = {
    modelServed: note('served'),
    modelGone: note('gone'),
    batchSettled: note('batch'),
    jobsFailed: note('failed'),
    jobsReleased: note('released'),
    attemptsLost: note('lost'),
    pendingChanged: note('pending'),
  }
  return { observer, told }
}

const LOST = { reason: 'pool-lost', retried: 1, dead: ['x'] } as const

test('all are told all, also after one of them threw', () => {
  const errors: unknown[] = []
  const broken = new Error('broken observer')
  const throws = () => {
    throw broken
  }
  const [first, last] = [notes(), notes()]
  const middle: PoolObserver = {
    ...{ modelServed: throws, modelGone: throws, batchSettled: throws },
    ...{ jobsFailed: throws, jobsReleased: throws, attemptsLost: throws, pendingChanged: throws },
  }
  const all = observeWithAll([first.observer, middle, last.observer], (error) => errors.push(error))
  const manifest = observedManifest()
  const batch = observedBatch()
  const times = { claimedAt: 1, settledAt: 2 }
  all.modelServed(manifest)
  all.pendingChanged(manifest, 3)
  all.batchSettled(batch)
  all.jobsFailed(manifest, batch.jobs, times)
  all.jobsReleased(manifest, 2)
  all.attemptsLost(manifest, LOST)
  all.modelGone(manifest)
  const expected = [
    ['served', manifest],
    ['pending', manifest, 3],
    ['batch', batch],
    ['failed', manifest, batch.jobs, times],
    ['released', manifest, 2],
    ['lost', manifest, LOST],
    ['gone', manifest],
  ]
  expect(first.told).toEqual(expected)
  expect(last.told).toEqual(expected)
  expect(errors).toEqual(Array(7).fill(broken))
})
