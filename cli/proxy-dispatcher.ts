import { EnvHttpProxyAgent } from 'undici'
import { UsageError } from './user-error.ts'

/** Requests through the proxy that the environment names, if it does. Throws UsageError, which does not repeat it: it may hold a password. */
export function proxyDispatcher(): EnvHttpProxyAgent {
  try {
    return new EnvHttpProxyAgent()
  } catch {
    throw new UsageError('HTTP_PROXY and HTTPS_PROXY must be addresses, as in http://proxy.example.com:3128')
  }
}
