import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { exitCodeOfSignal, onStopSignals } from './stop-signals.ts'

/** A process that gets signals at given times, in ms; what became of them. */
function signalled(...signals: ['SIGTERM' | 'SIGINT', number][]): string[] {
  const host = new EventEmitter()
  const events: string[] = []
  let now = 0
  onStopSignals(
    host,
    {
      stop: (signal) => events.push(`stop ${signal}`),
      endAtOnce: (signal) => events.push(`end ${signal}`),
    },
    () => now,
  )
  for (const [signal, at] of signals) {
    now = at
    host.emit(signal)
  }
  return events
}

test('what comes within a second of the first signal is the same one', () => {
  expect(signalled(['SIGINT', 5_000], ['SIGINT', 5_001], ['SIGTERM', 6_000])).toEqual(['stop SIGINT'])
})

test('one that comes later ends at once', () => {
  expect(signalled(['SIGINT', 5_000], ['SIGINT', 5_001], ['SIGTERM', 6_001])).toEqual([
    'stop SIGINT',
    'end SIGTERM',
  ])
})

test('the exit code after a signal is what shells make of it', () => {
  expect([exitCodeOfSignal('SIGINT'), exitCodeOfSignal('SIGTERM')]).toEqual([130, 143])
})
