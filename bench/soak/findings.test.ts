import { expect, test } from 'vitest'
import { findings } from './findings.ts'
import type { KeysLeft } from './leftovers.ts'
import type { CallRecord } from './load.ts'
import type { LoadPhase, SoakFigures } from './phases.ts'
import type { StackSample } from './stack-watch.ts'

const keys: KeysLeft = { byKind: { queue: 1 }, withoutTtl: [], entries: 0, openJobs: [] }

function sampleWith(fds: number): StackSample {
  return { parts: { gateway: { rssMiB: 100, fds, cpuMs: 1 } }, redisMiB: 2 }
}

const slow: CallRecord = {
  ...{ kind: 'waited', atMs: 0, lateMs: 0, ms: 1e9, endedMs: 1e9, images: 1 },
  ...{ obeys: false, tries: 1, told: [] },
}

function phase(changes: Partial<LoadPhase> = {}): LoadPhase {
  const usage = { cores: {}, peak: sampleWith(1_000) }
  return {
    ...{ perSecond: 1, seconds: 1, records: [slow], usage, after: sampleWith(20) },
    ...{ contradictions: [], keys, ...changes },
  }
}

function figures(changes: Partial<SoakFigures> = {}): SoakFigures {
  return {
    ...{
      capacity: { callsPerSecond: 1, imagesPerSecond: 1 },
      maxBacklog: 2,
      uploadWaitSeconds: 2,
      keyRate: 1,
    },
    ...{ before: sampleWith(20), steady: phase(), overload: phase() },
    quiet: { after: sampleWith(20), keys, seconds: 1 },
    ...changes,
  }
}

function failed(way: NonNullable<CallRecord['failure']>['way']): LoadPhase {
  return phase({ records: [slow, { ...slow, failure: { way, what: 'what' } }] })
}

test('nothing is found where all went well, however slowly', () => {
  expect(findings(figures())).toEqual([])
})

test('those who were refused are no finding', () => {
  expect(findings(figures({ overload: failed('refused') }))).toEqual([])
})

test.each(['server-error', 'wrong', 'no-answer', 'lost'] as const)('calls that end with %s are', (way) => {
  expect(findings(figures({ steady: failed(way) }))).toEqual([`1 steady: calls that ended with ${way}: what`])
})

test('so are jobs of which Redis tells another end, or none, and entries nobody has done with', () => {
  expect(findings(figures({ overload: phase({ contradictions: ['one'] }) }))).toHaveLength(1)
  expect(
    findings(figures({ overload: phase({ keys: { ...keys, openJobs: ['a'], entries: 1 } }) })),
  ).toHaveLength(2)
})

test('so are open files that have grown once it is quiet, and not those under load', () => {
  const quiet = { after: sampleWith(31), keys, seconds: 1 }
  expect(findings(figures({ quiet }))).toEqual(['gateway has 31 open files after quiet, and began with 20'])
})

test('so are keys without a TTL, and those of jobs that should be gone', () => {
  const left = { ...keys, byKind: { job: 3 }, withoutTtl: ['eb:x'] }
  expect(findings(figures({ quiet: { after: sampleWith(20), keys: left, seconds: 1 } }))).toEqual([
    '1 keys without a TTL: eb:x',
    '3 job keys are left when all should be gone',
  ])
})
