import type { Clock } from './clock.ts'

/** Works with a signal that aborts once `ms` have passed. When the work is over no timer is left, and the signal never aborts. */
export async function withinTime<T>(
  ms: number,
  clock: Pick<Clock, 'sleep'>,
  work: (late: AbortSignal) => Promise<T>,
): Promise<T> {
  const [late, over] = [new AbortController(), new AbortController()]
  void clock.sleep(ms, over.signal).then(() => {
    if (!over.signal.aborted) late.abort(new DOMException(`no answer within ${ms} ms`, 'TimeoutError'))
  })
  try {
    return await work(late.signal)
  } finally {
    over.abort()
  }
}
