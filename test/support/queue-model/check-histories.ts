import * as fc from 'fast-check'
import { Connections } from './connections.ts'
import { History } from './history.ts'
import { randomHistories } from './random-histories.ts'
import { drain } from './steps/drain.ts'

export interface CheckOptions {
  /** Of a Redis that has no other keys. */
  url: string
  runs: number
  seed: number
  /** Of what failed before: as the report says. */
  path?: string | undefined
  replayPath?: string | undefined
  /** Whether a failure is shrunk to the events that it takes: that may need minutes. */
  shrinks: boolean
}

export interface Checked {
  /** What came to pass, and how often. */
  seen: Map<string, number>
  /** Why a history failed; undefined: none did. */
  failure: string | undefined
}

const settings = fc.record({
  maxBacklog: fc.constantFrom(100, 6, 3),
  maxBacklogBytes: fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 200),
  maxAttempts: fc.constantFrom(3, 2, 1),
})

/** Lets random histories come to pass in Redis and in the model, and holds them against one another after each event. */
export async function checkHistories(options: CheckOptions): Promise<Checked> {
  const { url, runs, seed, path, replayPath, shrinks } = options
  const connections = await Connections.open(url)
  const seen = new Map<string, number>()
  const property = fc.asyncProperty(settings, randomHistories(replayPath), async (given, events) => {
    const history = await History.begin(given, connections, `${crypto.randomUUID()}:`, seen)
    try {
      await fc.asyncModelRun(() => ({ model: history, real: undefined }), events)
      await drain(history)
    } finally {
      await history.end()
    }
  })
  try {
    const details = await fc.check(property, {
      ...{ numRuns: runs, seed, unbiased: true, endOnFailure: !shrinks },
      ...(path !== undefined && { path }),
    })
    return { seen, failure: details.failed ? reportOf(details, shrinks) : undefined }
  } finally {
    connections.close()
  }
}

/** Of a history that was not shrunk, not the events: those that it takes are far fewer. */
function reportOf<Given>(details: fc.RunDetails<Given>, shrunk: boolean): string {
  const { seed, counterexamplePath: path, errorInstance } = details
  const reason = errorInstance instanceof Error ? errorInstance.message : ''
  const report = fc.defaultReportMessage(details) ?? ''
  if (!shrunk) return `${reason}\n\nWhat it takes: npm run check:queue -- --seed ${seed} --path ${path}`
  const replay = /replayPath="([^"]*)"/.exec(report)?.[1]
  const again = `npm run check:queue -- --seed ${seed} --path ${path} --replay ${replay}`
  return [report, reason, `Again: ${again}`].join('\n\n')
}
