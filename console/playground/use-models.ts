import { useCallback, useEffect, useState } from 'preact/hooks'
import { EdgebatchClient } from '../../client/edgebatch-client.ts'
import type { PublicModel } from '../../shared/public-models.ts'
import { type Problem, problemOf } from '../session/problem.ts'

export interface KnownModels {
  /** Undefined until they are known. */
  models: readonly PublicModel[] | undefined
  problem: Problem | undefined
  /** Asks again. */
  refresh: () => void
}

/** What the service serves to who has this key. Asked for anew with each key, and when the page is looked at again. */
export function useModels(baseUrl: string, apiKey: string | undefined): KnownModels {
  const [found, setFound] = useState<Omit<KnownModels, 'refresh'>>({ models: undefined, problem: undefined })
  const [asked, setAsked] = useState(0)
  const refresh = useCallback(() => setAsked((times) => times + 1), [])
  useEffect(() => {
    const stop = new AbortController()
    const client = new EdgebatchClient({ baseUrl, maxRetries: 1, ...(apiKey !== undefined && { apiKey }) })
    client.models({ signal: stop.signal }).then(
      (models) => setFound({ models, problem: undefined }),
      (error) => {
        if (!stop.signal.aborted) setFound(({ models }) => ({ models, problem: problemOf(error) }))
      },
    )
    return () => stop.abort()
  }, [baseUrl, apiKey, asked])
  useEffect(() => {
    addEventListener('focus', refresh)
    return () => removeEventListener('focus', refresh)
  }, [refresh])
  return { ...found, refresh }
}
