import { describe, expect, test } from 'vitest'
import { answerFor } from './chaos-model.ts'
import { judge, OFFENCES } from './checker.ts'
import { type Call, History, type RequestRecord, type Sighting } from './history.ts'
import { planRequests, type RequestPlan } from './request-plan.ts'
import { SHORT_RUN } from './settings.ts'

const SETTINGS = { ...SHORT_RUN, seed: 1 }
const ENDED_AT = 1_000_000
const [PLAN] = planRequests({ ...SETTINGS, requests: 1 }, () => 1)
const COLOUR = [12, 34, 56] as const

/** A run of one request whose job is seen as `sightings` say. */
function runOf(sightings: Partial<Sighting>[], plan: Partial<RequestPlan> = {}) {
  const history = new History()
  const request = history.begin({ ...(PLAN as RequestPlan), hurried: false, colour: COLOUR, ...plan })
  accept(history, request, 'a')
  for (const sighting of sightings) history.see('a', { ...SUCCEEDED, ...sighting })
  return { history, request }
}

function accept(history: History, request: RequestRecord, id: string): void {
  request.calls.push(call({ status: 202, id }))
  history.accept(id, request)
}

const call = (told: Partial<Call>): Call => ({
  ...{ askedAt: 0, toldAt: 1, status: 200, code: undefined, id: undefined, cache: undefined },
  ...told,
})

const SUCCEEDED: Sighting = {
  by: 'look',
  askedAt: ENDED_AT + 10,
  toldAt: ENDED_AT + 20,
  status: 'succeeded',
  completedAt: ENDED_AT,
  outcome: answerFor(COLOUR),
  attempts: 1,
}
const QUEUED = { status: 'queued', completedAt: null, outcome: '', askedAt: 0, toldAt: 1 } as const
const GONE = { status: 'gone', completedAt: null, outcome: '' } as const
const EXPIRED = { status: 'expired', outcome: 'job-expired' } as const
const CANCELED = { status: 'canceled', outcome: '' } as const

/** How many of each kind a run has; kinds that it has none of are left out. */
function offences({ history }: { history: History }, left: Parameters<typeof judge>[1] = []) {
  const verdict = judge(history, left, SETTINGS)
  return Object.fromEntries(OFFENCES.flatMap((kind) => (verdict[kind].length ? [[kind, verdict[kind]]] : [])))
}

describe('nothing is wrong with', () => {
  test.each<[string, Partial<Sighting>[], Partial<RequestPlan>]>([
    ['a job that is seen waiting, and then with its own result', [QUEUED, {}, {}], {}],
    ['an end that is told on the channel, and seen by looks', [{ by: 'channel' }, {}, { by: 'predict' }], {}],
    ['a job that has lost all its attempts', [{ status: 'failed', outcome: 'attempts-exhausted' }], {}],
    ['a hurried job that expires', [EXPIRED], { hurried: true }],
    ['a result that is gone after its time', [{}, { ...GONE, toldAt: ENDED_AT + SETTINGS.resultTtlMs }], {}],
    [
      'a look that began before the end was told',
      [{}, { ...QUEUED, askedAt: ENDED_AT, toldAt: ENDED_AT + 30 }],
      {},
    ],
  ])('%s', (_, sightings, plan) => {
    expect(offences(runOf(sightings, plan))).toEqual({})
  })

  test('a job that its caller cancels', () => {
    const run = runOf([CANCELED])
    run.request.askedToCancel = true
    expect(offences(run)).toEqual({})
  })

  test('calls that are refused, or get no answer, before one is accepted, and a repetition after the result has gone', () => {
    const run = runOf([{}])
    run.request.calls.unshift(
      call({ status: 503, code: 'queue-unavailable' }),
      call({ status: null, code: 'ECONNRESET' }),
    )
    run.request.calls.push(call({ status: 410, code: 'result-expired' }))
    expect(offences(run)).toEqual({})
  })

  test('a request that was never accepted', () => {
    const history = new History()
    history.begin(PLAN as RequestPlan).calls.push(call({ status: null }))
    expect(offences({ history })).toEqual({})
  })

  test('a job that expires though no caller knows of it', () => {
    const history = new History()
    history.see('unknown', { ...SUCCEEDED, ...EXPIRED, by: 'channel' })
    expect(offences({ history })).toEqual({})
  })
})

describe('a job is lost that', () => {
  test.each<[string, Partial<Sighting>[]]>([
    ['is never seen again', []],
    ['does not end', [QUEUED, { ...QUEUED, status: 'processing' }]],
    ['is gone without an end', [QUEUED, GONE]],
    ['is gone before its result has been kept as long as promised', [{}, { ...GONE, toldAt: ENDED_AT + 50 }]],
    ['expires though it had time enough', [EXPIRED]],
  ])('%s', (_, sightings) => {
    expect(offences(runOf(sightings))).toEqual({ lost: [expect.stringContaining('a (request 0)')] })
  })
})

describe('an end is a second one that', () => {
  test.each<[string, Partial<Sighting>[]]>([
    ['differs from the first in its state', [{}, { status: 'failed', outcome: 'attempts-exhausted' }]],
    ['differs from the first in its result', [{}, { outcome: '[0,0,0]' }]],
    ['differs from the first in its time', [{}, { completedAt: ENDED_AT + 1 }]],
    ['is told on the channel again', [{ by: 'channel' }, { by: 'channel' }]],
    [
      'follows upon the job being open again',
      [{}, { ...QUEUED, askedAt: ENDED_AT + 21, toldAt: ENDED_AT + 30 }],
    ],
  ])('%s', (_, sightings) => {
    expect(Object.keys(offences(runOf(sightings)))).toEqual(['second ends'])
  })

  test('is told of a job that no caller knows of', () => {
    const history = new History()
    history.see('unknown', { ...SUCCEEDED, by: 'channel' })
    history.see('unknown', { ...SUCCEEDED, ...CANCELED, by: 'channel' })
    expect(Object.keys(offences({ history }))).toEqual(['second ends'])
  })
})

describe('an end is wrong that', () => {
  test.each<[string, Partial<Sighting>[], Partial<RequestPlan>]>([
    ["is another image's result", [{ outcome: answerFor([12, 34, 57]) }], {}],
    ['is a failure of the model', [{ status: 'failed', outcome: 'inference-failed' }], {}],
    ['is a cancelation that nobody asked for', [CANCELED], {}],
    ['is an expiry before the deadline', [{ ...EXPIRED, completedAt: ENDED_AT + 1_000 }], { hurried: true }],
  ])('%s', (_, sightings, plan) => {
    expect(offences(runOf(sightings, plan))).toEqual({ wrong: [expect.stringContaining('a (request 0)')] })
  })

  test.each([
    [404, 'job-not-found'],
    [500, 'internal-error'],
    [200, 'not-a-job'],
    [410, 'result-expired'],
  ])('is no end but an answer %i %s', (status, code) => {
    const history = new History()
    history.begin(PLAN as RequestPlan).calls.push(call({ status, code }))
    expect(offences({ history })).toEqual({ wrong: [expect.stringContaining(code)] })
  })

  test('is that of a job that two requests were given', () => {
    const run = runOf([{}])
    const other = run.history.begin({ ...(PLAN as RequestPlan), number: 1, colour: COLOUR })
    accept(run.history, other, 'a')
    expect(offences(run)).toEqual({ wrong: ['a: given to request 0 and to 1'] })
  })
})

test('two jobs of one Idempotency-Key are one too many', () => {
  const run = runOf([{}])
  accept(run.history, run.request, 'b')
  run.history.see('b', SUCCEEDED)
  expect(offences(run)).toEqual({ 'second jobs': ['request 0: one Idempotency-Key, 2 jobs: a, b'] })
})

test('a key that stays is told with the reason', () => {
  const left = [{ key: 'chaos:{colour}:input:a', why: 'has no TTL' }]
  expect(offences(runOf([{}]), left)).toEqual({ 'left behind': ['chaos:{colour}:input:a: has no TTL'] })
})
