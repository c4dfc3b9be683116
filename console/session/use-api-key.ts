import { useState } from 'preact/hooks'
import { storeApiKey, storedApiKey } from './api-key.ts'

/** The tab's API key, and how to change it. */
export function useApiKey(): [key: string | undefined, change: (key: string | undefined) => void] {
  const [key, setKey] = useState(storedApiKey)
  const change = (changed: string | undefined) => {
    storeApiKey(changed)
    setKey(changed)
  }
  return [key, change]
}
