import { expect, test } from 'vitest'
import { processEnv } from '../test/support/process-env.ts'
import { bundleEdge } from './edge-bundle.ts'

const env = processEnv()

test('a Worker that cannot be bundled is told in wrangler’s words', async () => {
  const bundling = bundleEdge('/nowhere', env, { entry: 'edge/no-such-worker.ts' })
  await expect(bundling).rejects.toThrow(/deploy --dry-run failed:\n.*no-such-worker/s)
})

test('told to end, it ends with the reason, begun or not', async () => {
  const reason = new Error('not wanted any more')
  const stop = new AbortController()
  const bundling = bundleEdge('/nowhere', env, { signal: stop.signal })
  stop.abort(reason)
  await expect(bundling).rejects.toBe(reason)
  await expect(bundleEdge('/nowhere', env, { signal: stop.signal })).rejects.toBe(reason)
})
