import { useEffect, useState } from 'preact/hooks'
import type { AdminApi } from './admin-api.ts'
import { type AddedWork, type Sample, samplesOfHistory, workOfHistory } from './samples.ts'

export interface LastHour {
  samples: readonly Sample[]
  /** Of all versions together. */
  work: AddedWork
}

/** The last hour by the minute, read when it is asked for and whenever a minute has passed (`minute` changes). Undefined until it is there. */
export function useHistory(api: AdminApi, isWanted: boolean, minute: number): LastHour | undefined {
  const [hour, setHour] = useState<LastHour>()
  // Another minute is the reason to ask again.
  useEffect(() => {
    if (!isWanted) return
    const stop = new AbortController()
    api.history(stop.signal).then(
      (history) => setHour({ samples: samplesOfHistory(history), work: workOfHistory(history) }),
      // What the service refuses, it refuses its statistics too: they tell why.
      () => {},
    )
    return () => stop.abort()
  }, [api, isWanted, minute])
  return hour
}
