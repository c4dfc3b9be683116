import { useEffect, useState } from 'preact/hooks'
import type { PublicStats } from '../../shared/public-stats.ts'
import { type Problem, problemOf } from '../session/problem.ts'
import type { AdminApi } from './admin-api.ts'
import { isRefusal } from './is-refusal.ts'
import { type Sample, sampleOfStats } from './samples.ts'

/** The service is asked so often, ms; not while nobody sees the page. */
export const ASKED_EVERY_MS = 5_000
/** Ten minutes of samples. */
const MOST_SAMPLES = 120

export interface Feed {
  stats: PublicStats | undefined
  /** Why the last question had no answer. */
  problem: Problem | undefined
  /** Oldest first. */
  samples: readonly Sample[]
}

const NOTHING: Feed = { stats: undefined, problem: undefined, samples: [] }

/** What the service tells of itself, again and again. What is known stays when an answer does not come, but not with another key. */
export function useStats(api: AdminApi, isPaused: boolean): Feed {
  const [told, tell] = useState({ ...NOTHING, api })
  const feed = told.api === api ? told : NOTHING
  useEffect(() => {
    if (isPaused) return
    const stop = new AbortController()
    const ask = async () => {
      try {
        const stats = await api.stats(stop.signal)
        // An answer to another key, that came just before.
        if (stop.signal.aborted) return false
        tell((known) => {
          const samples = known.api === api ? known.samples : []
          const all = [...samples, sampleOfStats(stats, samples)].slice(-MOST_SAMPLES)
          return { api, stats, problem: undefined, samples: all }
        })
        return true
      } catch (error) {
        if (stop.signal.aborted) return false
        const problem = problemOf(error)
        tell((known) => ({ ...(known.api === api ? known : NOTHING), api, problem }))
        return !isRefusal(problem)
      }
    }
    void repeatWhileSeen(ask, stop.signal)
    return () => stop.abort()
  }, [api, isPaused])
  return feed
}

/** Until it answers false. */
async function repeatWhileSeen(ask: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (document.hidden) await event('visibilitychange', signal)
    else if (!(await ask())) return
    else await pause(ASKED_EVERY_MS, signal)
  }
}

/** Leaves nothing behind on the signal, which lasts as long as the page. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}

function event(name: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      document.removeEventListener(name, end)
      signal.removeEventListener('abort', end)
      resolve()
    }
    document.addEventListener(name, end)
    signal.addEventListener('abort', end)
  })
}
