import { expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import type { Outcome } from './outcome.ts'
import type { Tally } from './predict-photos.ts'
import { RunReport } from './run-report.ts'

const none: Tally = { succeeded: 0, pending: 0, failed: 0, earlier: 0 }

function reporting({ total = 3, isAsync = false, isStopped = false } = {}) {
  const told: string[] = []
  const bar: string[] = []
  const terminal = {
    print: (line: string) => void told.push(`> ${line}`),
    warn: (line: string) => void told.push(line),
    startProgress: () => ({
      update: (done: number, note?: string) => void bar.push(note ? `${done} ${note}` : String(done)),
      stop: () => void bar.push('stopped'),
    }),
    stopped: isStopped ? AbortSignal.abort() : new AbortController().signal,
  }
  return { report: new RunReport(total, { json: false, isAsync }, terminal), told, bar }
}

const outcome = (file: string, status?: PublicJob['status']): Outcome => {
  const job = { id: 'the id', status, success: status === 'succeeded', error: null, predictions: [] }
  const refusal = { code: 'unsupported-image', detail: 'No photo.' }
  return {
    file,
    key: 'key',
    job: status ? (job as unknown as PublicJob) : null,
    error: status ? null : refusal,
  }
}

test.each<[what: string, tally: Partial<Tally>, options: object, code: number]>([
  ['all succeeded', { succeeded: 2, earlier: 1 }, {}, 0],
  ['one was refused', { succeeded: 2, failed: 1 }, {}, 1],
  ['one has not ended', { succeeded: 2, pending: 1 }, {}, 75],
  ['one has not ended, and another failed', { pending: 1, failed: 1 }, {}, 1],
  ['none was to be waited for', { pending: 3 }, { isAsync: true }, 0],
  ['it was interrupted', { succeeded: 1 }, { isStopped: true }, 130],
])('%s: the exit code tells', (_, tally, options, code) => {
  const { report } = reporting(options)
  expect(report.conclude({ ...none, ...tally })).toBe(code)
})

test('results are printed, what has none is a message, and the bar knows what is waited for', () => {
  const { report, told, bar } = reporting()
  report.came(outcome('a', 'succeeded'), none)
  report.answered(new Response(null, { status: 503, headers: { 'retry-after': '7' } }))
  report.answered(new Response(null, { status: 200 }))
  report.came(outcome('b'), none)
  report.came(undefined, none)
  report.conclude({ ...none, succeeded: 1, failed: 1, earlier: 1 })
  expect(told).toEqual([
    '> a: ',
    'b: No photo.',
    '2 of 3 succeeded, 1 of them earlier, 1 failed or were refused',
  ])
  expect(bar).toEqual(['1', '1 told to come back in 7 s', '2', '3', 'stopped'])
})

test('what is handed in is told with the id to ask for it by', () => {
  const { report, told } = reporting({ isAsync: true })
  report.came(outcome('a', 'queued'), none)
  expect(told).toEqual(['> a: queued: the id'])
})

test('a run that breaks off tells how far it was, if it had begun', () => {
  const { report, told } = reporting()
  report.brokeOff()
  expect(told).toEqual([])
  report.came(outcome('a', 'succeeded'), { ...none, succeeded: 1 })
  report.brokeOff()
  expect(told.at(-1)).toBe('1 of 3 succeeded')
})
