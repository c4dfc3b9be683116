import { devicePools } from '../../worker-pool/machine/device-pools.ts'
import { superviseHere } from '../../worker-pool/machine/supervise-here.ts'

/**
 * A supervisor of two pools as an entry file makes one: of POOL_ENTRY, or of what stands in for one (supervised-pool.ts). Pauses
 * X */
const quiet = () => {}
let passedMs = 0
process.on('message', (message) => {
  if (message !== 'a minute passes') return
  passedMs += 60_000
  process.send?.('it has passed')
})
process.exitCode = await superviseHere(devicePools([0, 1], undefined, process.env), process, {
  entry: process.env.POOL_ENTRY ?? new URL('./supervised-pool.ts', import.meta.url).pathname,
  killAfterMs: 60_000,
  log: { info: quiet, warn: quiet, error: quiet },
  elapsed: () => passedMs,
  clock: {
    now: () => Date.now(),
    sleep: (ms, signal) =>
      ms < 60_000
        ? Promise.resolve()
        : new Promise((resolve) => {
            signal?.addEventListener('abort', () => resolve())
            process.on('message', (message) => message === 'time is over' && resolve())
          }),
  },
})
