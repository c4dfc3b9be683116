import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { COMPILE_CACHE } from './local-stack/compile-cache.ts'

/** Starting processes, bundling and inference take seconds on a busy machine; no test asserts how long. */
const RUNTIME_TIMEOUT_MS = 180_000

export default defineConfig({
  test: {
    // Much of a test's time is waiting for processes to start: two share a machine of two cores well, where one is the default.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{shared,edge,gateway,worker-pool,local-stack,bench,cli,client,console,dependencies,deploy,docs}/**/*.test.ts',
          ],
          // They share no state but the modules they load, and loading those anew for each file is a third of their time.
          isolate: false,
          testTimeout: RUNTIME_TIMEOUT_MS,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              cf: false,
              bindings: {
                UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1',
                UPSTASH_REDIS_REST_TOKEN: 'unused-token-of-tests',
              },
            },
          }),
        ],
        test: {
          name: 'workerd',
          include: ['test/workerd/**/*.test.ts'],
          globalSetup: ['test/support/console-setup.ts', 'test/support/sharp-references.ts'],
          testTimeout: RUNTIME_TIMEOUT_MS,
        },
      },
      {
        test: {
          name: 'runtime',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{workerd,edge-on-node}/**'],
          provide: { edgeRuntime: 'workerd' },
          env: COMPILE_CACHE,
          globalSetup: [
            'test/support/redis-setup.ts',
            'test/support/edge-bundle-setup.ts',
            'test/support/terraform-setup.ts',
            'test/support/debian-tools-setup.ts',
            'test/support/chromium-setup.ts',
            'test/support/promtool-setup.ts',
          ],
          testTimeout: RUNTIME_TIMEOUT_MS,
          hookTimeout: RUNTIME_TIMEOUT_MS,
        },
      },
      {
        // What holds for the edge in workerd holds for the edge on Node: the same files, run again.
        test: {
          name: 'edge-on-node',
          include: ['test/e2e/**/*.test.ts', 'test/edge-on-node/**/*.test.ts'],
          provide: { edgeRuntime: 'node' },
          env: COMPILE_CACHE,
          globalSetup: ['test/support/redis-setup.ts', 'test/support/console-setup.ts'],
          testTimeout: RUNTIME_TIMEOUT_MS,
          hookTimeout: RUNTIME_TIMEOUT_MS,
        },
      },
    ],
  },
})
