import { useCallback, useEffect, useState } from 'preact/hooks'
import { EdgebatchClient } from '../../client/edgebatch-client.ts'
import type { PublicModel } from '../../shared/public-models.ts'
import { type Problem, problemOf } from '../session/problem.ts'

export interface KnownModels {
  /** Undefined until they are known. */
  models: readonly PublicModel[] | undefined
  /** Why they are not told, with this key. */
  problem: Problem | undefined
  /** Whether they were told with this key. */
  isAccepted: boolean
  /** Asks again. */
  refresh: () => void
}

interface Answer extends Pick<KnownModels, 'models' | 'problem'> {
  /** The key that it was for. */
  apiKey: string | undefined
}

/** What the service serves to who has this key. Asked for anew with each key, and when the page is looked at again. */
export function useModels(baseUrl: string, apiKey: string | undefined): KnownModels {
  const [found, setFound] = useState<Answer>({ models: undefined, problem: undefined, apiKey })
  const [asked, setAsked] = useState(0)
  const refresh = useCallback(() => setAsked((times) => times + 1), [])
  useEffect(() => {
    const stop = new AbortController()
    const client = new EdgebatchClient({ baseUrl, maxRetries: 1, ...(apiKey !== undefined && { apiKey }) })
    client.models({ signal: stop.signal }).then(
      (models) => setFound({ models, problem: undefined, apiKey }),
      (error) => {
        if (!stop.signal.aborted) setFound(({ models }) => ({ models, problem: problemOf(error), apiKey }))
      },
    )
    return () => stop.abort()
  }, [baseUrl, apiKey, asked])
  useEffect(() => {
    addEventListener('focus', refresh)
    return () => removeEventListener('focus', refresh)
  }, [refresh])
  const { models } = found
  const isAnswered = found.apiKey === apiKey
  const problem = isAnswered ? found.problem : undefined
  return { models, problem, isAccepted: isAnswered && models !== undefined && !problem, refresh }
}
