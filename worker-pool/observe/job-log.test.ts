import { pino } from 'pino'
import { expect, test } from 'vitest'
import { observedBatch, observedJob, observedManifest, succeeded } from '../../test/support/settled-batch.ts'
import { JobLog } from './job-log.ts'
import type { SettledJob } from './pool-observer.ts'

const MODEL = { model: 'dogs', version: '1' }
const IDS = { job: 'job1.dogs', request: 'request1', attempt: 1 }

/** A job log, and the lines it writes from `level` on, without the time. */
function jobLog(level = 'info') {
  const lines: object[] = []
  const write = (text: string) => void lines.push(JSON.parse(text))
  const labels = { level: (label: string) => ({ level: label }) }
  const log = new JobLog(pino({ level, base: null, timestamp: false, formatters: labels }, { write }))
  return { log, lines }
}

const ended = (part: Partial<SettledJob>): SettledJob => ({ ...succeeded(observedJob()), ...part })

test('a batch that went well is not a line, unless one debugs', () => {
  const quiet = jobLog()
  quiet.log.batchSettled(observedBatch())
  expect(quiet.lines).toEqual([])
  const { log, lines } = jobLog('debug')
  log.batchSettled(observedBatch())
  expect(lines).toEqual([
    { level: 'debug', ...MODEL, instance: 0, size: 1, bucket: 1, inferMs: 40, msg: 'batch' },
  ])
})

test('what is wrong with a caller’s picture is info', () => {
  const { log, lines } = jobLog()
  log.jobsFailed(observedManifest(), [ended({ failure: 'undecodable-image', outcome: 'failed' })])
  expect(lines).toEqual([
    { level: 'info', ...MODEL, code: 'undecodable-image', jobs: [IDS], msg: 'jobs failed' },
  ])
})

test('what is ours is an error, with its reason where there is one; what failed alike is one line', () => {
  const { log, lines } = jobLog()
  const failed = ended({ failure: 'inference-failed', outcome: 'failed', reason: 'out of memory' })
  const unreadable = ended({ failure: 'unreadable-input', outcome: 'failed' })
  log.batchSettled(observedBatch({ jobs: [failed, unreadable, ended({}), failed] }))
  expect(lines).toEqual([
    {
      ...{ level: 'error', ...MODEL, code: 'inference-failed', reason: 'out of memory', jobs: [IDS, IDS] },
      msg: 'jobs failed',
    },
    { level: 'error', ...MODEL, code: 'unreadable-input', jobs: [IDS], msg: 'jobs failed' },
  ])
})

test('results that came too late are one warning, their neighbours none', () => {
  const { log, lines } = jobLog()
  const jobs = [ended({ outcome: 'expired' }), ended({}), ended({ outcome: 'stale' })]
  log.batchSettled(observedBatch({ jobs }))
  log.jobsFailed(observedManifest(), [ended({ failure: 'undecodable-image', outcome: 'gone' })])
  const late = (outcomes: string[]) => ({
    ...{ level: 'warn', ...MODEL, msg: 'results came too late' },
    jobs: outcomes.map((outcome) => ({ ...IDS, outcome })),
  })
  expect(lines).toEqual([late(['expired', 'stale']), late(['gone'])])
})

test('what was canceled meanwhile is info, and what expired before it was run a warning', () => {
  const { log, lines } = jobLog()
  log.batchSettled(observedBatch({ jobs: [ended({ outcome: 'canceled' }), ended({})] }))
  log.jobsFailed(observedManifest(), [ended({ failure: 'job-expired', outcome: 'expired' })])
  expect(lines).toEqual([
    { level: 'info', ...MODEL, jobs: [IDS], msg: 'jobs were canceled meanwhile' },
    { level: 'warn', ...MODEL, jobs: [IDS], msg: 'jobs expired before they were run' },
  ])
})

test('jobs that were given back are told', () => {
  const { log, lines } = jobLog()
  log.jobsReleased(observedManifest(), 3)
  expect(lines).toEqual([{ level: 'info', ...MODEL, count: 3, msg: 'jobs given back' }])
})
