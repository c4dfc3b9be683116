import { composeEdge } from '../../edge/compose-edge.ts'
import type { EdgeApp, RequestCounts } from '../../edge/edge-context.ts'
import { edgeEnvSchema } from '../../edge/env.ts'
import { readConfiguration } from '../../shared/read-configuration.ts'

/** The edge as it is composed everywhere, for what it says of itself: there is no Redis behind it, and it decodes nothing. */
export function composedEdge(settings: Record<string, string> = {}, requests?: RequestCounts): EdgeApp {
  const env = readConfiguration(edgeEnvSchema, {
    UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1',
    UPSTASH_REDIS_REST_TOKEN: 'unused-token-of-tests',
    ...settings,
  })
  return composeEdge(env, {
    decodePhoto: () => Promise.reject(new Error('nothing is decoded here')),
    decodedTypes: ['jpeg', 'png'],
    logFailure: () => {},
    requests,
  })
}
