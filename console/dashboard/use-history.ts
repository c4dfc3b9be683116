import { useEffect, useState } from 'preact/hooks'
import type { AdminApi } from './admin-api.ts'
import { type Sample, samplesOfHistory } from './samples.ts'

/** The last hour by the minute, read when it is asked for and whenever a minute has passed (`minute` changes). Undefined until it is there. */
export function useHistory(api: AdminApi, isWanted: boolean, minute: number): readonly Sample[] | undefined {
  const [samples, setSamples] = useState<readonly Sample[]>()
  // Another minute is the reason to ask again.
  useEffect(() => {
    if (!isWanted) return
    const stop = new AbortController()
    api.history(stop.signal).then(
      (history) => setSamples(samplesOfHistory(history)),
      // What the service refuses, it refuses its statistics too: they tell why.
      () => {},
    )
    return () => stop.abort()
  }, [api, isWanted, minute])
  return samples
}
