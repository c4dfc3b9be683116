import type { Clock } from '../shared/clock.ts'

/** As AbortSignal.timeout has it, by a clock that tests own. */
export function abortedAfter(ms: number, clock: Clock): AbortSignal {
  const late = new AbortController()
  void clock.sleep(ms).then(() => late.abort(new DOMException(`no answer within ${ms} ms`, 'TimeoutError')))
  return late.signal
}
