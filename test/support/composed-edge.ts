import { gzipSync } from 'node:zlib'
import { composeEdge } from '../../edge/compose-edge.ts'
import type { ConsoleAssets } from '../../edge/console-assets.ts'
import type { EdgeApp, RequestCounts } from '../../edge/edge-context.ts'
import { edgeEnvSchema } from '../../edge/env.ts'
import { readConfiguration } from '../../shared/read-configuration.ts'

const SCRIPT = 'export {}'
const html = 'text/html; charset=utf-8'
const consoleAssets: ConsoleAssets = {
  '/': { type: html, body: '<title>Playground', hash: 'playground' },
  '/dashboard': { type: html, body: '<title>Dashboard', hash: 'dashboard' },
  '/assets/page-1a2b3c4d.js': {
    type: 'text/javascript; charset=utf-8',
    body: SCRIPT,
    gzip: new Uint8Array(gzipSync(SCRIPT)),
    hash: 'page',
  },
}

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
    consoleAssets,
    logFailure: () => {},
    requests,
  })
}
