import { defineConfig } from 'vitest/config'

/** Starting processes, bundling and inference take seconds on a busy machine; no test asserts how long. */
const RUNTIME_TIMEOUT_MS = 120_000

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{shared,edge,gateway,worker-pool,local-stack}/**/*.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'runtime',
          include: ['test/{redis,gateway,pool,e2e,models}/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: RUNTIME_TIMEOUT_MS,
          hookTimeout: RUNTIME_TIMEOUT_MS,
        },
      },
    ],
  },
})
