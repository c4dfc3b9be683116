import { devicePools } from '../../worker-pool/machine/device-pools.ts'
import { superviseHere } from '../../worker-pool/machine/supervise-here.ts'

/**
 * A supervisor of two pools (supervised-pool.ts) as an entry file makes one. Pauses before a restart take no time; the time after
 * which stuck pools are killed is over when the test sends a message.
 */
const quiet = () => {}
process.exitCode = await superviseHere(devicePools([0, 1], undefined, process.env), process, {
  entry: new URL('./supervised-pool.ts', import.meta.url).pathname,
  killAfterMs: 60_000,
  log: { info: quiet, warn: quiet, error: quiet },
  clock: {
    now: () => Date.now(),
    sleep: (ms, signal) =>
      ms < 60_000
        ? Promise.resolve()
        : new Promise((resolve) => {
            signal?.addEventListener('abort', () => resolve())
            process.once('message', () => resolve())
          }),
  },
})
