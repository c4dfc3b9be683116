import { fetch as undiciFetch } from 'undici'
import type { Fetch } from '../../client/http.ts'
import { proxyDispatcher } from '../proxy-dispatcher.ts'

export interface EdgeFetch {
  fetch: Fetch
  close: () => Promise<void>
}

/** Requests through the proxy that the environment names, if it does. An API key is for one address alone: nobody is followed elsewhere. */
export function edgeFetch(): EdgeFetch {
  const dispatcher = proxyDispatcher()
  return {
    fetch: async (url, init) => {
      const options = { ...init, redirect: 'manual', dispatcher } as Parameters<typeof undiciFetch>[1]
      return (await undiciFetch(url, options)) as unknown as Response
    },
    // Not closed: that would wait for requests that are given up.
    close: () => dispatcher.destroy(),
  }
}
